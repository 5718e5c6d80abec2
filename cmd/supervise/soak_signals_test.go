package main_test

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"supervise/internal/sys"
	"supervise/internal/testproc"
	"supervise/signals"
)

var soakSignals = flag.Int("signals", 5000, "how many real-time signals TestSoakSignals sends to each program")

// TestSoakSignals sends real-time signals through a storm of orphans: all arrive, in order,
// with value and sender; every orphan is reaped; memory and descriptors are what they were.
// docs/soak.md has what a large number of them gave.
func TestSoakSignals(t *testing.T) {
	tools := soakTools(t)
	for name, program := range map[string]string{"entry": entryBuild, "re-exec": reexecBuild, "slim": buildSlim(t, tools)} {
		t.Run("init "+name, func(t *testing.T) { soakInit(t, program, tools) })
	}
	t.Run("run as root", func(t *testing.T) {
		needRoot(t)
		// The command has a user of its own, as the kernel counts pending signals by user.
		uid, _ := ownUser()
		soakRun(t, tools, "user = \""+strconv.Itoa(int(uid))+"\"\n", func(*supervised) {})
	})
	t.Run("run as user", func(t *testing.T) { soakRun(t, tools, "", asOwnUser) })
}

// asOwnUser is asNobody with a user that nobody else is.
func asOwnUser(s *supervised) {
	if uid, ok := ownUser(); ok {
		s.cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uid, Gid: uid}
	}
}

// soakTools builds what is supervised, "receiver" and "forker": what is forked so often, or
// has its signals counted, must be small.
func soakTools(t *testing.T) (dir string) {
	t.Helper()
	dir = openDir(t)
	for name, source := range map[string][]string{
		"receiver": {"-ldflags=-E=_receiver_entry", "supervise/internal/bench/receiver"},
		"forker":   {"supervise/internal/bench"},
	} {
		build := exec.Command("go", append([]string{"build", "-buildvcs=false", "-o", filepath.Join(dir, name)}, source...)...)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("go build: %v\n%s", err, out)
		}
	}
	return dir
}

func soakInit(t *testing.T, program, tools string) {
	s := &supervised{dir: openDir(t)}
	withSoakFIFOs(t)(s)
	const script = `"$0/forker" role orphans <"$1/ask" >"$1/told" & exec "$0/receiver" >"$1/got"`
	s.cmd = exec.Command(program, "init", "--", "sh", "-c", script, tools, s.dir)
	s.enterSandbox(t)
	asOwnUser(s)
	s.cmd.Stderr = os.Stderr
	testproc.StartFor(t, s.cmd, s.limit)
	k := openSoaked(t, s)
	k.soak(t, 1<<10)
	all := s.sandbox.pids()
	k.close()
	// The command ends by a signal when nobody reads of it any more.
	kill(t, s.cmd.Process.Pid, syscall.Signal(signals.SIGRTMAX))
	if code := exitCode(t, s.cmd.Wait()); code != 1 {
		t.Errorf("init ended with status %d, want the command's", code)
	}
	for _, pid := range all { // the forker ends as it has nobody to answer to
		awaitGone(t, pid)
	}
	s.sandbox.checkEmpty(t)
}

func soakRun(t *testing.T, tools, user string, as setup) {
	// Few may be pending for the receiver, so that others wait in its queue, and few there.
	s := start(t, entryBuild, `
[service.receiver]
`+user+`command = ["sh", "-c", 'exec prlimit --sigpending=200 "$0" >$DIR/got', "`+tools+`/receiver"]
signals.queue = { limit = 100, when-full = "wait" }
signals.forward = { "SIGRTMIN+1" = "SIGRTMIN+1", SIGRTMAX = "SIGRTMAX" }
stop.timeout = "10ms" # it ends of no signal
[service.storm]
`+user+`command = ["sh", "-c", 'exec "$0" role orphans <$DIR/ask >$DIR/told', "`+tools+`/forker"]
`, as, withSoakFIFOs(t), func(s *supervised) { s.cmd.Args = slices.Replace(s.cmd.Args, 5, 6, "info") })
	k := openSoaked(t, s)
	k.soak(t, 4<<10)
	k.close()
	lines := s.stop(t, syscall.SIGTERM)
	if last := lines[len(lines)-1]; last.Message != "supervise exits" || last.Orphans < k.orphans {
		t.Errorf("the last line %q does not tell of %d orphans", last.raw, k.orphans)
	}
	if n := count(lines, func(l line) bool { return l.Level == "error" }); n > 0 {
		t.Errorf("%d lines tell of errors", n)
	}
}

// withSoakFIFOs lets a test talk with the tools, and gives it time.
func withSoakFIFOs(t *testing.T) setup {
	return func(s *supervised) {
		s.limit = testproc.Limit + time.Duration(*soakSignals)*2*time.Millisecond
		for _, name := range []string{"ask", "told", "got"} {
			withFIFO(t, name)(s)
		}
	}
}

// soaked is a program that passes signals on to the receiver, and reaps what the forker
// leaves behind.
type soaked struct {
	*supervised
	got     *os.File // a record of each signal
	ask     *os.File // requests for orphans
	told    *os.File // an answer to each when all are reaped
	answers *bufio.Scanner
	orphans int
	sent    map[signals.Signal]uint64
	records *bufio.Reader
}

// openSoaked waits until receiver and forker are ready.
func openSoaked(t *testing.T, s *supervised) *soaked {
	t.Helper()
	k := &soaked{supervised: s, sent: map[signals.Signal]uint64{}}
	file := func(name string, mode int) *os.File { return openFIFO(t, filepath.Join(s.dir, name), mode) }
	k.ask, k.told, k.got = file("ask", os.O_WRONLY), file("told", os.O_RDONLY), file("got", os.O_RDONLY)
	t.Cleanup(k.close)
	k.answers, k.records = bufio.NewScanner(k.told), bufio.NewReader(k.got)
	bareRecord(t, k.records)
	if !k.answers.Scan() {
		t.Fatal("the forker has ended")
	}
	return k
}

func (k *soaked) close() {
	for _, file := range []*os.File{k.ask, k.told, k.got} {
		_ = file.Close()
	}
}

// soak sends some signals, after which what is kept of the past is full, and then all those
// that count, during which the memory grows by no more than so many KiB.
func (k *soaked) soak(t *testing.T, most int) {
	t.Helper()
	pid := k.cmd.Process.Pid
	k.round(t, 5000)
	fds, before := k.fds(t), memory(t, pid)
	begun := time.Now()
	orphans := k.orphans
	k.round(t, *soakSignals)
	took, after := time.Since(begun), memory(t, pid)
	if now := k.fds(t); now > fds {
		t.Errorf("it has %d descriptors and had %d: %q", now, fds, k.fdNames())
	}
	if after > before+most {
		t.Errorf("its memory has grown from %d to %d KiB", before, after)
	}
	t.Logf("%d signals and %d orphans, %.0f signals a second, memory %d and then %d KiB, %d descriptors",
		*soakSignals, k.orphans-orphans, float64(*soakSignals)/took.Seconds(), before, after, fds)
}

// round sends n signals, so many at a time that there is room for what the kernel counts
// together with them, and with each lot has orphans made, at once and one by one. It returns
// when all of both have been seen.
func (k *soaked) round(t *testing.T, n int) {
	t.Helper()
	const lot = 1000
	for ; n > 0; n -= lot {
		before := maps.Clone(k.sent)
		sent, reaped := make(chan error, 1), make(chan error, 1)
		go func() { sent <- k.send(min(n, lot)) }()
		go func() { reaped <- k.storm(500, 20) }()
		k.receive(t, min(n, lot), before)
		for _, err := range []error{await(t, "the end of the sender", sent), await(t, "all orphans", reaped)} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// receive reads what the command has got of n signals, after so many of each number.
func (k *soaked) receive(t *testing.T, n int, before map[signals.Signal]uint64) {
	t.Helper()
	_ = k.got.SetReadDeadline(time.Now().Add(patience))
	for range n {
		got := bareRecord(t, k.records)
		s := signals.Signal(got.signal)
		before[s]++
		if want := (received{got.signal, int(signals.CodeQueue), os.Getpid(), uint32(os.Getuid()), before[s]}); got != want {
			t.Fatalf("%+v arrived in the place of %+v", got, want)
		}
	}
}

// send sends n signals of two numbers, the values of each counting up.
func (k *soaked) send(n int) error {
	numbers := []signals.Signal{signals.SIGRTMIN + 1, signals.SIGRTMAX}
	for i := range n {
		s := numbers[i%len(numbers)]
		k.sent[s]++
		info := signals.Info{Signal: s, Code: signals.CodeQueue, PID: int32(os.Getpid()), UID: uint32(os.Getuid()), Value: k.sent[s]}
		for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) { // nothing says that there is room
			err := sys.Queue(k.cmd.Process.Pid, info)
			if err == nil {
				break
			}
			if !errors.Is(err, syscall.EAGAIN) || time.Now().After(deadline) {
				return fmt.Errorf("sigqueue %v: %w", s, err)
			}
		}
	}
	return nil
}

// storm makes orphans, some of which end at once, and some one by one, and returns when
// all are reaped.
func (k *soaked) storm(atOnce, single int) error {
	_, err := fmt.Fprintf(k.ask, "zombies %d\nsingle %d\n", atOnce, single)
	for range 2 {
		if err == nil && !k.answers.Scan() {
			err = errors.New("the forker has ended")
		}
	}
	k.orphans += atOnce + single
	return err
}
