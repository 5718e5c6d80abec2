package sys_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"supervise/internal/sys"
	"supervise/internal/testproc"
	"supervise/signals"
)

func TestSubreaper(t *testing.T) {
	if !testproc.Alone(t, testproc.OwnProcess) {
		return
	}
	if is, err := sys.IsSubreaper(); err != nil {
		t.Skip("no subreaper on this kernel:", err)
	} else if is {
		t.Fatal("a subreaper before it became one")
	}
	if err := sys.Subreaper(); err != nil {
		t.Fatal(err)
	}
	if is, err := sys.IsSubreaper(); err != nil || !is {
		t.Errorf("IsSubreaper = %v, %v", is, err)
	}
	// The orphan lives until its standard input ends.
	cmd := exec.Command("/bin/sh", "-c", "cat <&3 >/dev/null 2>&1 & echo $!")
	hold, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.ExtraFiles = []*os.File{hold}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	orphan, err := strconv.Atoi(strings.TrimSpace(string(out)))
	if err != nil {
		t.Fatal(err)
	}
	status, err := sys.ReadFile("/proc/" + strconv.Itoa(orphan) + "/status")
	if want := "\nPPid:\t" + strconv.Itoa(os.Getpid()) + "\n"; err != nil || !strings.Contains(status, want) {
		t.Errorf("the orphan is not ours: %v\n%s", err, status)
	}
	in.Close()
	awaitEnd(t, orphan)
	if child, ok, _ := sys.Reap(); !ok || child.PID != orphan || child.Exit != (signals.Exit{}) {
		t.Errorf("Reap = %+v, %v", child, ok)
	}
}

func TestCloseOnExec(t *testing.T) {
	if testproc.Alone(t, testproc.OwnProcess) {
		closeOnExec(t)
	}
}

// TestCloseOnExecOneByOne is the same where close_range is refused.
func TestCloseOnExecOneByOne(t *testing.T) {
	if !testproc.Alone(t, testproc.OwnProcess) {
		return
	}
	runtime.LockOSThread()
	if err := testproc.Refuse(unix.SYS_CLOSE_RANGE, syscall.EPERM); err != nil {
		t.Fatal(err)
	}
	closeOnExec(t)
}

func closeOnExec(t *testing.T) {
	t.Helper()
	low, err := syscall.Open("/dev/null", syscall.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	const high = 50
	if err := syscall.Dup3(low, high, 0); err != nil {
		t.Fatal(err)
	}
	if err := sys.CloseOnExec(high); err != nil {
		t.Fatal(err)
	}
	if closes(t, low) || !closes(t, high) {
		t.Errorf("from %d on: %d closes %v, %d closes %v", high, low, closes(t, low), high, closes(t, high))
	}
	if err := sys.CloseOnExec(3); err != nil {
		t.Fatal(err)
	}
	for _, fd := range []int{0, 1, 2} {
		if closes(t, fd) {
			t.Errorf("descriptor %d would be closed", fd)
		}
	}
	// What a program then has is what it was given.
	out, err := exec.Command("/bin/sh", "-c", "ls /proc/$$/fd").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range strings.Fields(string(out)) {
		// The shell may keep one of its own, at 10 and above.
		if n, err := strconv.Atoi(name); err != nil || n > 2 && n < 10 || n == high {
			t.Errorf("the program has the descriptors %s", strings.Fields(string(out)))
		}
	}
}

func closes(t *testing.T, fd int) bool {
	t.Helper()
	flags, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_GETFD, 0)
	if errno != 0 {
		t.Fatalf("descriptor %d: %v", fd, errno)
	}
	return flags&syscall.FD_CLOEXEC != 0
}

func TestPIDFD(t *testing.T) {
	cmd := testproc.Command(t, "sleep")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	testproc.Start(t, cmd)
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatalf("%q, %v", line, err)
	}
	fd, err := sys.OpenPID(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	if !closes(t, fd) {
		t.Error("the pidfd would be inherited")
	}
	if err := sys.KillPIDFD(fd, 0); err != nil {
		t.Errorf("the process is not there: %v", err)
	}
	if err := sys.KillPIDFD(fd, 65); err != syscall.EINVAL {
		t.Errorf("signal 65: %v, want EINVAL", err)
	}
	if err := sys.KillPIDFD(fd, uint8(signals.SIGKILL)); err != nil {
		t.Errorf("SIGKILL: %v", err)
	}
	_ = cmd.Wait()
	if status := cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGKILL {
		t.Errorf("it ended with %v", cmd.ProcessState)
	}
	if err := sys.KillPIDFD(fd, 0); err != syscall.ESRCH {
		t.Errorf("after it was reaped: %v, want ESRCH", err)
	}
}

func TestOpenPIDErrors(t *testing.T) {
	// Beyond PID_MAX_LIMIT there is no process: linux/threads.h.
	for pid, want := range map[int]error{1 << 22: syscall.ESRCH, 0: syscall.EINVAL, -1: syscall.EINVAL} {
		if fd, err := sys.OpenPID(pid); fd != -1 || err != want {
			t.Errorf("OpenPID(%d) = %d, %v, want %v", pid, fd, err, want)
		}
	}
}

// TestGrowFDTable grows the descriptor table, and nothing else: FDSize of
// proc_pid_status(5).
func TestGrowFDTable(t *testing.T) {
	size := func() (n int) {
		status, err := os.ReadFile("/proc/self/status")
		if err != nil {
			t.Skip(err)
		}
		for line := range strings.Lines(string(status)) {
			if _, err := fmt.Sscanf(line, "FDSize:\t%d", &n); err == nil {
				return n
			}
		}
		t.Fatal("no FDSize in /proc/self/status")
		return 0
	}
	open := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip(err)
		}
		return len(entries)
	}
	before, n := open(), size()
	sys.GrowFDTable(2 * n)
	if got := size(); got < 2*n {
		t.Errorf("there is room for %d descriptors, want %d", got, 2*n)
	}
	if after := open(); after != before {
		t.Errorf("%d descriptors are open, and %d were", after, before)
	}
	sys.GrowFDTable(1 << 40) // more than there may be
}

func TestFDRoom(t *testing.T) {
	if err := sys.FDRoom(4); err != nil {
		t.Fatal(err)
	}
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	if before.Cur > 1<<20 {
		t.Skip("there is room for too many")
	}
	if err := sys.FDRoom(int(before.Cur)); err != syscall.EMFILE {
		t.Errorf("there is room for more than the limit: %v", err)
	}
	if err := sys.FDRoom(4); err != nil {
		t.Errorf("it keeps them: %v", err)
	}
}
