package main_test

import (
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"supervise/internal/sys"
	"supervise/supervisor/control/client"
	"supervise/supervisor/control/request"
	"supervise/supervisor/control/wire"
	"supervise/supervisor/status"
)

// TestFlood floods FIFO and queue with garbage while services restart: every start is
// accounted for, and whoever asks is answered soon.
func TestFlood(t *testing.T) {
	t.Parallel()
	const (
		loops   = 3
		typical = 20 * time.Millisecond // on a busy machine; alone it is far less than one
	)
	flood := 10 * time.Second
	if testing.Short() || raceEnabled {
		flood = 3 * time.Second
	}
	config := "[service.steady]\n" + sleeper
	for i := range loops {
		config += "[service.loop-" + strconv.Itoa(i) + "]\ncommand = [\"sh\", \"-c\", \"echo up; sleep 0.02; kill -KILL $$\"]\nrestart.delay = \"0s\"\n"
	}
	s := start(t, entryBuild, config, func(s *supervised) { s.cmd.Args = slices.Replace(s.cmd.Args, 5, 6, "info") })
	pid := s.awaitRunning(t, "steady")
	began := s.fds(t)

	ctx, cancel := context.WithTimeout(context.Background(), flood)
	defer cancel()
	var all sync.WaitGroup
	var written, sent int
	all.Go(func() { written = s.floodFIFO(t, ctx) })
	all.Go(func() { sent = s.floodQueue(t, ctx) })
	trips := s.pings(t, ctx)
	all.Wait()
	slices.Sort(trips)
	if len(trips) == 0 {
		t.Fatal("nobody answered")
	}
	median, most := trips[len(trips)/2], trips[len(trips)-1]
	t.Logf("%d writes, %d messages, %d pings: median %v, 99 %% %v, at most %v", written, sent, len(trips), median, trips[len(trips)*99/100], most)
	if median > typical || written == 0 || sent == 0 {
		t.Errorf("a ping takes %v", median)
	}

	starts := map[string]int{}
	for i := range loops {
		name := "loop-" + strconv.Itoa(i)
		s.must(t, "stop", name)
		starts[name] = s.status(t, name).Restarts + 1
	}
	if again := s.awaitRunning(t, "steady"); again != pid {
		t.Errorf("steady was restarted")
	}
	if now := s.fds(t); now > began {
		t.Errorf("supervise has %d descriptors and had %d", now, began)
	}
	lines := s.stop(t, syscall.SIGTERM)
	for name, n := range starts {
		told, killed, ran := count(lines, up(name)), count(lines, says(name, "killed by SIG")), count(lines, wrote(name, "up"))
		// The last one may have been stopped before it was said to run, or wrote anything.
		if n < 20 || told != n && told != n-1 || killed != n || ran != n && ran != n-1 {
			t.Errorf("%s was started %d times by its status, %d by the log, %d by itself, and killed %d times", name, n, told, ran, killed)
		}
	}
	if n := count(lines, says("", "a command is refused")); n == 0 || n > int(flood.Seconds()*20)+100 {
		t.Errorf("%d lines tell of garbage", n)
	}
}

// fds counts the descriptors of a supervise run, but for those by which it watches this
// process: one for each number under which one of its calls has come.
func (s *supervised) fds(t *testing.T) (n int) {
	t.Helper()
	own := "anon_inode:[pidfd] of " + strconv.Itoa(os.Getpid())
	for _, name := range s.fdNames() {
		if name != own {
			n++
		}
	}
	if n == 0 {
		t.Fatal("supervise has ended")
	}
	return n
}

// fdNames says what the descriptors of a supervise run are.
func (s *supervised) fdNames() (targets []string) {
	names, _ := filepath.Glob("/proc/" + strconv.Itoa(s.cmd.Process.Pid) + "/fd/*")
	for _, name := range names {
		target, err := os.Readlink(name)
		if err != nil {
			continue
		}
		// A pidfd says whose it is, -1 for a process that was reaped: proc(5).
		if info, err := os.ReadFile(strings.Replace(name, "/fd/", "/fdinfo/", 1)); err == nil {
			if _, pid, ok := strings.Cut(string(info), "\nPid:"); ok {
				target += " of " + strings.Fields(pid)[0]
			}
		}
		targets = append(targets, target)
	}
	return targets
}

// pings measures how long it takes until a supervise run answers, over and over.
func (s *supervised) pings(t *testing.T, ctx context.Context) (trips []time.Duration) {
	t.Helper()
	c, err := client.Dial(s.runtime)
	if err != nil {
		t.Fatal(err)
	}
	for pace := time.NewTicker(5 * time.Millisecond); ctx.Err() == nil; <-pace.C {
		begun := time.Now()
		if _, err := c.Call(context.Background(), request.Ping{}); err != nil {
			t.Errorf("ping: %v", err)
			break
		}
		trips = append(trips, time.Since(begun))
	}
	return trips
}

// floodFIFO writes what is no command.
func (s *supervised) floodFIFO(t *testing.T, ctx context.Context) (written int) {
	random := rand.New(rand.NewPCG(1, 2))
	garbage := []func() []byte{
		func() []byte { return []byte("restart nobody\n") },
		func() []byte { return []byte("signal steady NO\nstart\n\n\n") },
		func() []byte { return []byte(strings.Repeat("x", 4096)) }, // of an endless line
		func() []byte {
			b := make([]byte, 1+random.IntN(512))
			for i := range b {
				b[i] = byte(random.UintN(256)) | 0x80
			}
			return b
		},
		func() []byte { return []byte("\x00\n") },
	}
	for ctx.Err() == nil {
		fifo, err := os.OpenFile(filepath.Join(s.runtime, "control"), os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if err != nil {
			t.Errorf("the FIFO has no reader: %v", err)
			return written
		}
		_ = fifo.SetWriteDeadline(time.Now().Add(time.Second))
		for range 1 + random.IntN(50) {
			if _, err := fifo.Write(garbage[random.IntN(len(garbage))]()); err == nil {
				written++
			}
		}
		_, _ = fifo.WriteString("\n")
		_ = fifo.Close()
	}
	return written
}

// floodQueue sends what is no frame, or a frame of nobody.
func (s *supervised) floodQueue(t *testing.T, ctx context.Context) (sent int) {
	queues, err := wire.Find(s.runtime)
	if err != nil {
		t.Error(err)
		return 0
	}
	random := rand.New(rand.NewPCG(3, 4))
	for ctx.Err() == nil {
		frame := wire.Frame{
			Kind: wire.Kind(random.IntN(8)), Client: random.Uint32(), Request: random.Uint64(), Parts: random.Uint32N(3),
			Payload: []byte(`{"verb":"status","services":["nobody"]}`)[:random.IntN(40)],
		}
		message := frame.Append(nil, int64(1+random.IntN(2)))
		if random.IntN(3) == 0 { // no frame
			for i := sys.MsgHead; i < len(message); i++ {
				message[i] = byte(random.UintN(256))
			}
		}
		if sys.MsgSend(queues.Request, message, sys.IPCNoWait) == nil {
			sent++
		}
	}
	return sent
}

// TestKilledClients kills commands at random moments: they leave no message, and the
// supervisor keeps nothing of them.
func TestKilledClients(t *testing.T) {
	t.Parallel()
	clients, most := 1000, 1<<10 // KiB that the memory may grow by
	if testing.Short() || raceEnabled {
		clients = 200
	}
	s := start(t, entryBuild, "[service.web]\n"+sleeper+"[service.loop]\ncommand = \"false\"\nrestart.delay = \"20ms\"\n",
		func(s *supervised) { s.cmd.Args = slices.Replace(s.cmd.Args, 5, 6, "info") })
	s.awaitRunning(t, "web")
	queues := s.objects(t).queues

	s.killClients(t, clients/5) // what is kept for the next ones
	for range 2000 {            // fills what is remembered of the past
		s.call(t, orders["signal"]("web"))
	}
	s.awaitNoMessage(t, queues)
	fds := s.awaitFDs(t, 0)
	checkFlat(t, s.cmd.Process.Pid, most, func() {
		s.killClients(t, clients)
		s.awaitNoMessage(t, queues)
		s.awaitFDs(t, fds)
	})
	s.stop(t, syscall.SIGTERM)
}

// killClients starts n commands and kills each of them, as likely before it has asked as
// after it was answered.
func (s *supervised) killClients(t *testing.T, n int) {
	t.Helper()
	commands := [][]string{
		{"status"},
		{"events", "-f"},
		{"events", "-n", "0"},
		{"wait", "--for", "down", "web"},
		{"logs", "-f", "loop"},
		{"status", "--watch"},
		{"why", "loop"},
		{"restart", "loop"},
		{"signal", "web", "WINCH"},
	}
	const atOnce = 4
	var all sync.WaitGroup
	for i := range atOnce {
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(n), uint64(i)))
			for range n / atOnce {
				cmd := exec.Command(entryBuild, commands[random.IntN(len(commands))]...)
				cmd.Env = append(os.Environ(), "SUPERVISE_RUNTIME_DIR="+s.runtime)
				if err := cmd.Start(); err != nil {
					t.Error(err)
					return
				}
				timer := time.AfterFunc(time.Duration(random.IntN(12_000))*time.Microsecond, func() { _ = cmd.Process.Kill() })
				_ = cmd.Wait()
				timer.Stop()
			}
		})
	}
	all.Wait()
}

// awaitNoMessage waits until the queues are empty. No event reports that; each look costs
// the time of a request.
func (s *supervised) awaitNoMessage(t *testing.T, queues []int) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; s.call(t, request.Ping{}) {
		messages, all := 0, sysv(t, "msg")
		for _, id := range queues {
			messages += atoi(t, strings.Fields(all[id])[4]) // qnum
		}
		if messages == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d messages are left in the queues", messages)
		}
	}
}

// awaitFDs waits until a supervise run has no more than so many descriptors while nothing
// is being started; with 0 it returns the least that it has seen in a while.
func (s *supervised) awaitFDs(t *testing.T, most int) int {
	t.Helper()
	s.must(t, "stop", "loop")
	defer s.must(t, "start", "--no-wait", "loop")
	s.awaitSlot(t, "loop", "stopped", func(s status.Service) bool { return s.State == "stopped" })
	least := s.fds(t)
	for deadline := time.Now().Add(patience / 4); ; s.call(t, request.Ping{}) {
		now := s.fds(t)
		least = min(least, now)
		switch {
		case most != 0 && now <= most:
			return now
		case most == 0 && time.Until(deadline) < patience/4-500*time.Millisecond:
			return least
		case time.Now().After(deadline):
			t.Errorf("supervise has %d descriptors and had %d: %q", now, most, s.fdNames())
			return now
		}
	}
}
