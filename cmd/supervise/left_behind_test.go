package main_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"supervise/internal/testproc"
)

// asRoot gives the test's directory the program "as-root", which makes its caller root for
// good and executes another one: nobody but root can signal that.
func asRoot(t *testing.T) setup {
	return func(s *supervised) {
		file := filepath.Join(s.dir, "as-root")
		if err := copySelf(file); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(file, 0o755|os.ModeSetuid); err != nil {
			t.Fatal(err)
		}
		if fs := new(unix.Statfs_t); unix.Statfs(file, fs) == nil && fs.Flags&unix.ST_NOSUID != 0 {
			t.Skip("set-user-ID programs have no effect in " + s.dir)
		}
	}
}

// TestLeftBehind shuts down what may not be killed: a service, or a process of it, that has
// become root while supervise is nobody. It ends in time, names who is left and why, and says
// so by its exit status. What can be stopped is.
func TestLeftBehind(t *testing.T) {
	needRoot(t)
	const sleep = `exec $DIR/as-root sleep 1000`
	for name, c := range map[string]struct {
		command string
		timeout string
		send    []syscall.Signal
		atMost  time.Duration
	}{
		"main":     {`echo "pid $$"; ` + sleep, "300ms", []syscall.Signal{syscall.SIGTERM}, 9 * time.Second},
		"worker":   {`(` + sleep + `) & echo "pid $!"; wait`, "300ms", []syscall.Signal{syscall.SIGTERM}, 9 * time.Second},
		"session":  {`setsid $DIR/as-root sh -c 'echo "pid $$"; exec sleep 1000' & wait`, "300ms", []syscall.Signal{syscall.SIGINT}, 9 * time.Second},
		"at once":  {`echo "pid $$"; ` + sleep, "60s", []syscall.Signal{syscall.SIGQUIT}, 9 * time.Second},
		"hastened": {`echo "pid $$"; ` + sleep, "60s", []syscall.Signal{syscall.SIGTERM, syscall.SIGQUIT}, 9 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, entryBuild, "shutdown-timeout = \""+c.timeout+`"
[service.stays]
environment.`+testproc.RoleVariable+` = "as-root"
command = ["sh", "-c", '''`+c.command+`''']
[service.good]
command = "sleep 1000"
`, asNobody, asRoot(t))
			pid := s.awaitPID("stays")
			t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
			awaitRoot(t, pid)
			begun := time.Now()
			for _, sig := range c.send {
				s.signal(t, sig)
				s.await("it is taken", says("", "shutdown"))
			}
			if status := s.wait(t); status != 5 {
				t.Errorf("it ended with status %d", status)
			}
			if took := time.Since(begun); took > c.atMost {
				t.Errorf("it took %v", took)
			}
			_ = syscall.Kill(pid, syscall.SIGKILL)
			awaitGone(t, pid)
			left := 0
			for _, l := range s.checkEnd(t) {
				if says("good", "left behind")(l) {
					t.Error(l.raw)
				}
				if says("", "left behind")(l) { // by whoever is nobody's any more
					left++
					if !strings.Contains(l.raw, strconv.Itoa(pid)) || !strings.Contains(l.raw, "of another user (uid 0), which we may not signal") {
						t.Errorf("it says of who is left: %s", l.raw)
					}
				}
			}
			if left != 1 {
				t.Errorf("%d times it is said what is left behind", left)
			}
		})
	}
}

// awaitRoot waits until a process has become root.
func awaitRoot(t *testing.T, pid int) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "Uid:\t0\t0\t0") && strings.HasPrefix(string(text), "Name:\tsleep") {
			return
		}
	}
	t.Fatalf("process %d does not become root", pid)
}

// TestTracedDead stops a service whose main process somebody traces who takes no note of its
// end, so that nobody can reap it: what commands and the shutdown say names him. When he has
// let go of it, everything goes on.
func TestTracedDead(t *testing.T) {
	t.Parallel()
	needRoot(t)
	runtime.LockOSThread() // the tracer is a thread
	defer runtime.UnlockOSThread()
	s := start(t, entryBuild, `
[service.web]
command = "sleep 1000"
stop.timeout = "100ms"
`)
	trace := func() int {
		t.Helper()
		pid := s.awaitRunning(t, "web")
		if err := unix.PtraceSeize(pid); err != nil {
			t.Skip("cannot trace here: ", err)
		}
		return pid
	}
	letGo := func(pid int) {
		for {
			var status unix.WaitStatus
			if _, err := unix.Wait4(pid, &status, 0, nil); err != nil && !errors.Is(err, unix.EINTR) || status.Signaled() || status.Exited() {
				return
			}
			_ = unix.PtraceCont(pid, int(status.StopSignal()))
		}
	}
	named := func(l line) bool {
		return l.Service == "web" && strings.Contains(l.raw, "dead, but not to be reaped while ") && strings.Contains(l.raw, "pid "+strconv.Itoa(os.Getpid()))
	}
	pid := trace()
	if out, code := s.run(t, "stop", "--timeout", "1s", "web"); code != 1 {
		t.Errorf("status %d: %s", code, out)
	}
	s.await("it is said why", named)
	letGo(pid)
	s.must(t, "start", "web")
	pid = trace()
	s.signal(t, syscall.SIGQUIT)
	s.await("it is left behind", func(l line) bool { return named(l) && strings.Contains(l.Message, "left behind") })
	if status := s.wait(t); status != 5 {
		t.Errorf("it ended with status %d", status)
	}
	letGo(pid)
	s.checkEnd(t)
}
