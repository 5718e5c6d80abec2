package sys_test

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"supervise/internal/sys"
	"supervise/internal/testproc"
	"supervise/signals"
)

func TestMain(m *testing.M) { testproc.Main(m) }

// shell starts a script and returns its pid. Nothing else in the process may wait for
// children: the test is alone.
func shell(t *testing.T, script string) int {
	t.Helper()
	pid, err := syscall.ForkExec("/bin/sh", []string{"sh", "-c", script}, &syscall.ProcAttr{Dir: t.TempDir(), Env: os.Environ()})
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// awaitEnd waits until a child has ended, without reaping it.
func awaitEnd(t *testing.T, pid int) {
	t.Helper()
	const pPID, wExited, wNoWait = 1, 4, 0x1000000
	var info [128]byte
	for {
		_, _, errno := syscall.Syscall6(syscall.SYS_WAITID, pPID, uintptr(pid), uintptr(unsafe.Pointer(&info)), wExited|wNoWait, 0, 0)
		if errno == syscall.EINTR {
			continue
		}
		if errno != 0 {
			t.Fatalf("waitid %d: %v", pid, errno)
		}
		return
	}
}

func TestReap(t *testing.T) {
	testproc.NoCorePattern(t) // with a socket there a limit of 0 makes a core all the same
	if !testproc.Alone(t, testproc.OwnProcess) {
		return
	}
	if child, ok, more := sys.Reap(); ok || more {
		t.Fatalf("without children: %+v, %v, %v", child, ok, more)
	}
	running := shell(t, "exec sleep 60")
	if child, ok, more := sys.Reap(); ok || !more {
		t.Fatalf("with a running child: %+v, %v, %v", child, ok, more)
	}
	if child, ok := sys.Ended(running); ok {
		t.Fatalf("a running child has ended: %+v", child)
	}
	scripts := map[string]signals.Exit{
		"exit 0":                     {},
		"exit 7":                     {Code: 7},
		"exit 255":                   {Code: 255},
		"kill -TERM $$; exit 99":     {Signal: signals.SIGTERM},
		"kill -KILL $$":              {Signal: signals.SIGKILL},
		"kill -34 $$; exit 99":       {Signal: signals.SIGRTMIN},
		"kill -64 $$; exit 99":       {Signal: signals.SIGRTMAX},
		"ulimit -c 0; kill -SEGV $$": {Signal: signals.SIGSEGV},
	}
	want := map[int]signals.Exit{}
	for script, exit := range scripts {
		want[shell(t, script)] = exit
	}
	for pid, exit := range want {
		awaitEnd(t, pid)
		child, ok := sys.Ended(pid)
		if !ok || child.PID != pid || child.Exit != exit || child.UID != uint32(os.Getuid()) {
			t.Errorf("Ended(%d) = %+v, %v, want %v", pid, child, ok, exit)
		}
	}
	for range len(scripts) {
		child, ok, more := sys.Reap()
		exit, known := want[child.PID]
		if !ok || !more || !known || child.Exit != exit || child.UID != uint32(os.Getuid()) {
			t.Fatalf("Reap = %+v, %v, %v, want %v", child, ok, more, exit)
		}
		delete(want, child.PID)
		if child, ok := sys.Ended(child.PID); ok {
			t.Errorf("ended, and reaped: %+v", child)
		}
	}
	if child, ok, more := sys.Reap(); ok || !more {
		t.Errorf("with one running child left: %+v, %v, %v", child, ok, more)
	}
	if err := sys.Kill(running, signals.SIGKILL); err != nil {
		t.Fatal(err)
	}
	awaitEnd(t, running)
	if child, ok, _ := sys.Reap(); !ok || child.PID != running {
		t.Errorf("the last child: %+v, %v", child, ok)
	}
	if child, ok, more := sys.Reap(); ok || more {
		t.Errorf("with all children gone: %+v, %v, %v", child, ok, more)
	}
}

// TestReapOrNote is told of a child that is stopped and goes on, each once, and of its end.
func TestReapOrNote(t *testing.T) {
	if !testproc.Alone(t, testproc.OwnProcess) {
		return
	}
	pid := shell(t, "exec sleep 1000")
	for _, step := range []struct {
		signal signals.Signal
		change sys.Change
		exit   signals.Exit
	}{
		{signals.SIGSTOP, sys.HasStopped, signals.Exit{Signal: signals.SIGSTOP}},
		{signals.SIGCONT, sys.HasContinued, signals.Exit{Signal: signals.SIGCONT}},
		{signals.SIGSTOP, sys.HasStopped, signals.Exit{Signal: signals.SIGSTOP}},
		{signals.SIGKILL, sys.HasEnded, signals.Exit{Signal: signals.SIGKILL}},
	} {
		if err := sys.Kill(pid, step.signal); err != nil {
			t.Fatal(err)
		}
		var info unix.Siginfo
		if err := unix.Waitid(unix.P_PID, pid, &info, unix.WEXITED|unix.WSTOPPED|unix.WCONTINUED|unix.WNOWAIT, nil); err != nil {
			t.Fatal(err)
		}
		if child, ok := sys.ReapOrNote(); !ok || child.PID != pid || child.Change != step.change || child.Exit != step.exit {
			t.Errorf("%v: %+v, %v", step.signal, child, ok)
		}
		if child, ok := sys.ReapOrNote(); ok {
			t.Errorf("%v: again: %+v", step.signal, child)
		}
	}
}

func TestReapCore(t *testing.T) {
	testproc.NoCorePattern(t)
	pattern, err := sys.ReadFile("/proc/sys/kernel/core_pattern")
	if err != nil || strings.ContainsAny(pattern[:1], "|@/") {
		t.Skipf("cores do not go to the working directory here: core_pattern %q, %v", pattern, err)
	}
	if !testproc.Alone(t, testproc.OwnProcess) {
		return
	}
	pid := shell(t, "ulimit -c unlimited 2>/dev/null || exit 77; kill -SEGV $$")
	awaitEnd(t, pid)
	child, ok, _ := sys.Reap()
	if child.Exit.Code == 77 {
		t.Skip("the hard limit of core files is too low")
	}
	if want := (signals.Exit{Signal: signals.SIGSEGV, Core: true}); !ok || child.Exit != want {
		t.Errorf("Reap = %+v, %v, want %v", child, ok, want)
	}
}

// TestReapOddExitSignal reaps a child whose end is announced by another signal than SIGCHLD,
// which waitid gives only to those who ask with __WALL.
func TestReapOddExitSignal(t *testing.T) {
	if !testproc.Alone(t, testproc.OwnProcess) {
		return
	}
	// A plain fork of a Go process may do system calls and nothing else; it does one.
	pid, _, errno := syscall.RawSyscall6(syscall.SYS_CLONE, 0, 0, 0, 0, 0, 0)
	if errno == 0 && pid == 0 {
		syscall.RawSyscall(syscall.SYS_EXIT_GROUP, 9, 0, 0)
	}
	if errno != 0 {
		t.Fatal(errno)
	}
	for {
		child, ok, more := sys.Reap()
		if ok {
			if child.PID != int(pid) || child.Exit != (signals.Exit{Code: 9}) {
				t.Errorf("Reap = %+v", child)
			}
			return
		}
		if !more {
			t.Fatal("the child is not seen")
		}
	}
}
