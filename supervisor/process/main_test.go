//go:build linux && (amd64 || arm64)

package process

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"supervise/internal/sys"
	"supervise/internal/testproc"
	"supervise/signals"
)

func TestMain(m *testing.M) {
	testproc.Role("matrix", matrix)
	// What a child has is what it was given, whatever the tests were started with.
	if err := sys.CloseOnExec(3); err != nil {
		fmt.Fprintln(os.Stderr, "close_range:", err)
		os.Exit(1)
	}
	testproc.Main(m)
}

// eachClone runs a test with both ways to make a child.
func eachClone(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	for _, plain := range []bool{false, true} {
		name := "clone3"
		if plain {
			name = "clone"
		}
		t.Run(name, func(t *testing.T) {
			defer sys.FeatureClone3.SetAvailable(sys.FeatureClone3.Available())
			if !plain && !sys.FeatureClone3.Available() {
				t.Skip("clone3 is refused here")
			}
			sys.FeatureClone3.SetAvailable(!plain)
			test(t)
		})
	}
}

// sleeper is a program that does nothing of its own to its signals.
func sleeper() Spec { return Spec{Path: "/bin/sleep", Argv: []string{"sleep", "60"}} }

// start starts a child that does not outlive the test.
func start(tb testing.TB, spec *Spec) Process {
	tb.Helper()
	child, err := Start(spec)
	if err != nil {
		tb.Fatalf("cannot start %s: %v", spec.Path, err)
	}
	tb.Cleanup(func() {
		_ = sys.KillPIDFD(child.PIDFD, uint8(signals.SIGKILL)) // ESRCH if it was reaped
		_ = syscall.Close(child.PIDFD)
		_, _ = syscall.Wait4(child.PID, nil, syscall.WALL, nil)
	})
	return child
}

// wait waits for a child's end.
func wait(tb testing.TB, child Process, options int) syscall.WaitStatus {
	tb.Helper()
	var status syscall.WaitStatus
	for {
		_, err := syscall.Wait4(child.PID, &status, options|syscall.WALL, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			tb.Fatalf("wait4 %d: %v", child.PID, err)
		}
		return status
	}
}

// echo is a running cat that has read and written once, so that it has opened and closed
// all that it will.
type echo struct {
	Process
	in, out *os.File
}

// startEcho starts cat with two pipes, on top of the spec; its other files stay.
func startEcho(t *testing.T, spec Spec) echo {
	t.Helper()
	spec.Path = "/bin/cat"
	if spec.Argv == nil {
		spec.Argv = []string{"cat"}
	}
	stdin, in := pipe(t)
	out, stdout := pipe(t)
	files := []int{int(stdin.Fd()), int(stdout.Fd())}
	if len(spec.Files) > len(files) {
		files = append(files, spec.Files[len(files):]...)
	}
	spec.Files = files
	e := echo{start(t, &spec), in, out}
	e.say(t)
	return e
}

// say makes sure that cat lives.
func (e echo) say(t *testing.T) {
	t.Helper()
	if _, err := e.in.WriteString("x"); err != nil {
		t.Fatal(err)
	}
	if n, err := e.out.Read(make([]byte, 1)); n != 1 || err != nil {
		t.Fatalf("cat says nothing: %v", err)
	}
}

// proc reads a file of the child's directory in /proc.
func (e echo) proc(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("/proc/" + strconv.Itoa(e.PID) + "/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// status returns one line of /proc/PID/status, its fields separated by blanks.
func (e echo) status(t *testing.T, name string) string {
	t.Helper()
	for line := range strings.Lines(e.proc(t, "status")) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.Join(strings.Fields(value), " ")
		}
	}
	t.Fatalf("no %s in the status", name)
	return ""
}

// pipe makes a pipe that nobody inherits. Its descriptors lie above all places that the
// tests use, because Fd would else give away blocking ones.
func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	var fds [2]int
	if err := syscall.Pipe2(fds[:], syscall.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	files := make([]*os.File, 2)
	for i, fd := range fds {
		const above = 100
		high, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_DUPFD_CLOEXEC, above)
		if errno != 0 {
			t.Fatal(errno)
		}
		_ = syscall.Close(fd)
		files[i] = os.NewFile(high, "pipe")
		t.Cleanup(func() { files[i].Close() })
	}
	return files[0], files[1]
}

// descriptors counts what the process has open.
func descriptors(t *testing.T) int {
	t.Helper()
	names, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(names)
}

// childless makes sure that the process has no child, not even a zombie.
func childless(t *testing.T) {
	t.Helper()
	if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG|syscall.WALL, nil); err != syscall.ECHILD {
		t.Errorf("there is a child left: pid %d, %v", pid, err)
	}
}

// stat returns fields of /proc/PID/stat, counted from the state, which is field 3 in
// proc_pid_stat(5).
func stat(t *testing.T, pid int) []string {
	t.Helper()
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
}
