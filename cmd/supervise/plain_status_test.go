package main_test

import (
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"supervise/signals"
	"supervise/supervisor/board/segment"
	"supervise/supervisor/control/request"
	"supervise/supervisor/status"
)

// early runs status and tells whether it was done before there was a Go runtime, which would have
// traced what it initialises.
func early(t *testing.T, dir string, args ...string) (out string, code int, early bool) {
	t.Helper()
	cmd := exec.Command(entryBuild, append([]string{"status"}, args...)...)
	cmd.Env = append(os.Environ(), "SUPERVISE_RUNTIME_DIR="+dir, "GODEBUG=inittrace=1")
	var stdout, trace strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &trace
	code = exitCode(t, cmd.Run())
	return stdout.String(), code, trace.String() == ""
}

// boardStates are what TestPlainStatus looks at: services, each with how it comes to stand as it
// does.
var boardStates = map[string]struct {
	life, keys string
	enter      func(t *testing.T, s *supervised, name string)
}{
	"running":  {life: "running"},
	"stopped":  {life: "stopped"},
	"stopping": {life: "stopping"},
	"backoff":  {life: "backoff"},
	"failed":   {life: "failed", keys: `restart.policy = "never"`},
	"paused":   {life: "paused"},
	"halted": {life: "running", enter: func(t *testing.T, s *supervised, name string) {
		kill(t, s.status(t, name).PID, syscall.SIGSTOP)
		s.awaitSlot(t, name, "paused", func(s status.Service) bool { return s.Paused })
	}},
	"resumed": {life: "paused", enter: func(t *testing.T, s *supervised, name string) {
		kill(t, s.status(t, name).PID, syscall.SIGCONT)
		s.awaitSlot(t, name, "running", func(s status.Service) bool { return !s.Paused })
	}},
	"held": {life: "backoff", enter: func(t *testing.T, s *supervised, name string) {
		s.call(t, orders["signal"](name))
	}},
	"shot": {life: "running", enter: func(t *testing.T, s *supervised, name string) {
		s.call(t, request.Signal{Service: name, Signal: signals.SIGKILL})
		s.awaitSlot(t, name, "killed", func(s status.Service) bool { return s.Exited })
	}},
	"slain": {life: "running", enter: func(t *testing.T, s *supervised, name string) {
		kill(t, s.status(t, name).PID, syscall.SIGKILL)
		s.awaitSlot(t, name, "killed", func(s status.Service) bool { return s.Exited })
	}},
}

// TestPlainStatus has the board and the supervisor say the same of services, whatever they
// do; and the board also when the supervisor cannot, if marked as old.
func TestPlainStatus(t *testing.T) {
	t.Parallel()
	var config strings.Builder
	for name, p := range boardStates {
		config.WriteString("[service." + name + "]\nstartup = \"disabled\"\nstop.timeout = \"60s\"\nrestart.delay = \"60s\"\n" +
			p.keys + "\ncommand = [\"sh\", \"-c\", '''" + scripts[p.life] + "''']\n")
	}
	s := start(t, entryBuild, config.String())
	for name, p := range boardStates {
		s.enter(t, name, p.life)
		if p.enter != nil {
			p.enter(t, s, name)
		}
	}
	said := map[string]string{}
	for name := range boardStates {
		said[name] = sameBothWays(t, s, name)
	}
	sameBothWays(t, s)
	s.freeze(t)
	for name := range boardStates {
		out, code := ask(t, s.runtime, "status", "--board", name)
		if table, note, marked := strings.Cut(out, "supervise: "); code == 1 || !strings.HasSuffix(note, " ago\n") || !marked || !alike(table, said[name]) {
			t.Errorf("of %s, marked as old: %v, the board says\n%sand was\n%s", name, marked, out, said[name])
		}
	}
	kill(t, s.cmd.Process.Pid, syscall.SIGCONT)
	s.stop(t, syscall.SIGQUIT)
}

// freeze stops the supervisor while it is not at work.
func (s *supervised) freeze(t *testing.T) {
	t.Helper()
	file, err := segment.Find(s.runtime)
	if err != nil {
		t.Fatal(err)
	}
	view, err := file.Attach()
	if err != nil {
		t.Fatal(err)
	}
	defer view.Detach()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); kill(t, s.cmd.Process.Pid, syscall.SIGCONT) {
		kill(t, s.cmd.Process.Pid, syscall.SIGSTOP)
		var info unix.Siginfo
		if err := unix.Waitid(unix.P_PID, s.cmd.Process.Pid, &info, unix.WSTOPPED|unix.WNOWAIT, nil); err != nil {
			t.Fatal(err)
		}
		if !view.Busy() {
			return
		}
	}
	t.Fatal("the supervisor never rests")
}

// sameBothWays has status say the same by the board and by the supervisor, to which a flag
// that changes nothing leads, and returns that.
func sameBothWays(t *testing.T, s *supervised, names ...string) string {
	t.Helper()
	quick, quickCode, isQuick := early(t, s.runtime, names...)
	usual, usualCode, isUsual := early(t, s.runtime, append([]string{"--format", "text"}, names...)...)
	if !isQuick || isUsual || quickCode != usualCode || !alike(quick, usual) {
		t.Errorf("status %v is %d by the board, in time: %v\n%sand otherwise %d\n%s", names, quickCode, isQuick, quick, usualCode, usual)
	}
	return quick
}

// alike reports whether two tables say the same, but for what a moment has changed: durations,
// and the pending signals of the user, whose column is not even there without any.
func alike(a, b string) bool {
	as, bs := strings.Fields(withoutColumn(a, "SIGQ")), strings.Fields(withoutColumn(b, "SIGQ"))
	for i := range as {
		if i == len(bs) || as[i] != bs[i] && !near(as[i], bs[i]) {
			return false
		}
	}
	return len(as) == len(bs)
}

// withoutColumn is a table without the column of a title, if it has that.
func withoutColumn(table, title string) string {
	from := strings.Index(table, title+" ")
	if from < 0 {
		return table
	}
	width := len(table[from:]) - len(strings.TrimLeft(table[from+len(title):], " "))
	var rest strings.Builder
	for row := range strings.Lines(table) {
		if len(row) > from+width {
			row = row[:from] + row[from+width:]
		}
		rest.WriteString(row)
	}
	return rest.String()
}

// near reports whether two fields are durations of about the same length.
func near(a, b string) bool {
	x, xErr := time.ParseDuration(a)
	y, yErr := time.ParseDuration(b)
	return xErr == nil && yErr == nil && (x-y).Abs() < 10*time.Second
}

// TestPlainStatusAfterTold looks how a service is right after having been told: the board must not
// be behind.
func TestPlainStatusAfterTold(t *testing.T) {
	t.Parallel()
	s := start(t, entryBuild, "[service.a]\ncommand = \"sleep 1000\"\n")
	see := func(want string, wantCode int) {
		t.Helper()
		out, code, quick := early(t, s.runtime, "a") // or not, if the supervisor is at work for long
		if code != wantCode || !strings.Contains(out, "\na     "+want+" ") {
			t.Fatalf("status %d, in time: %v, want it %s: %s", code, quick, want, out)
		}
	}
	for range 20 {
		s.call(t, orders["stop"]("a"))
		see("stopped", 3)
		s.call(t, orders["start"]("a"))
		see("running", 0)
	}
	s.stop(t, syscall.SIGTERM)
}

// TestPlainStatusAfterSeen kills a service and looks how it is as soon as that can be known: from
// the log, or because the process is no more.
func TestPlainStatusAfterSeen(t *testing.T) {
	t.Parallel()
	s := start(t, entryBuild, "[service.a]\ncommand = \"sleep 1000\"\nrestart = { delay = \"0s\" }\n")
	for i := range 20 {
		pid := s.awaitRunning(t, "a")
		kill(t, pid, syscall.SIGKILL)
		if i%2 == 0 {
			s.await("it is killed", says("a", "killed by SIGKILL"))
		} else {
			for alive(pid) {
				runtime.Gosched()
			}
		}
		if out, _, quick := early(t, s.runtime, "a"); slices.Contains(strings.Fields(out), strconv.Itoa(pid)) {
			t.Fatalf("round %d: in time: %v, %d has ended: %s", i, quick, pid, out)
		}
		if i%2 != 0 {
			s.await("it is killed", says("a", "killed by SIGKILL"))
		}
	}
	s.stop(t, syscall.SIGTERM)
}
