package sys_test

import (
	"bufio"
	"os"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"unsafe"

	"supervise/internal/sys"
	"supervise/internal/testproc"
	"supervise/signals"
)

func TestSetMask(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before := sys.Mask()
	defer sys.SetMask(before)
	want := signals.SetOf(signals.SIGUSR1, 33, signals.SIGRTMAX)
	if got := sys.SetMask(want); got != before {
		t.Errorf("the mask before is %v, want %v", got, before)
	}
	if got := sys.Mask(); got != want {
		t.Errorf("the mask is %v, want %v", got, want)
	}
	sys.SetMask(signals.Full)
	if got, want := sys.Mask(), signals.Full.Without(signals.SIGKILL).Without(signals.SIGSTOP); got != want {
		t.Errorf("everything blocked is %v, want %v", got, want)
	}
}

func TestThreads(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	threads := slices.Collect(sys.Threads())
	for _, tid := range []int{syscall.Gettid(), os.Getpid()} {
		if !slices.Contains(threads, tid) {
			t.Errorf("thread %d is not among %v", tid, threads)
		}
	}
	for range sys.Threads() {
		break
	}
}

// blocked starts a process that has all signals blocked and does nothing.
func blocked(t *testing.T) (pid int) {
	t.Helper()
	cmd := testproc.Inheriting(t, signals.Full, 0, "", "/bin/sh", "-c", "echo ready; read never")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	testproc.Start(t, cmd)
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatalf("%q, %v", line, err)
	}
	return cmd.Process.Pid
}

func state(t *testing.T, pid int) sys.SignalState {
	t.Helper()
	state, err := sys.ReadSignalState(strconv.Itoa(pid))
	if err != nil {
		t.Fatal(err)
	}
	return state
}

func TestQueue(t *testing.T) {
	pid := blocked(t)
	if got := state(t, pid); got.Blocked != signals.Full.Without(signals.SIGKILL).Without(signals.SIGSTOP) || got.Shared != 0 || got.Pending != 0 {
		t.Fatalf("before: %+v", got)
	}
	me := signals.Info{Code: signals.CodeQueue, PID: int32(os.Getpid()), UID: uint32(os.Getuid())}
	const each = 3
	for range each {
		info := me
		info.Signal = 40
		if err := sys.Queue(pid, info); err != nil {
			t.Errorf("Queue: %v", err)
		}
		info.Signal = 41
		if err := sys.QueueThread(pid, pid, info); err != nil {
			t.Errorf("QueueThread: %v", err)
		}
	}
	if err := sys.Kill(pid, signals.SIGUSR1); err != nil {
		t.Errorf("Kill: %v", err)
	}
	if err := sys.KillThread(pid, pid, signals.SIGUSR2); err != nil {
		t.Errorf("KillThread: %v", err)
	}
	got := state(t, pid)
	if want := signals.SetOf(40, signals.SIGUSR1); got.Shared != want {
		t.Errorf("pending on the process: %v, want %v", got.Shared, want)
	}
	if want := signals.SetOf(41, signals.SIGUSR2); got.Pending != want {
		t.Errorf("pending on the thread: %v, want %v", got.Pending, want)
	}
	// The count is the user's, who may have others.
	if got.Queued < 2*each+2 {
		t.Errorf("%d signals are queued, want %d or more", got.Queued, 2*each+2)
	}
}

func TestQueueErrors(t *testing.T) {
	pid := blocked(t)
	me := signals.Info{Signal: 40, Code: signals.CodeQueue, PID: int32(os.Getpid()), UID: uint32(os.Getuid())}
	with := func(change func(*signals.Info)) signals.Info {
		info := me
		change(&info)
		return info
	}
	const nobody = 1 << 22 // beyond PID_MAX_LIMIT
	tests := []struct {
		name string
		err  error
		want error
	}{
		{"somebody else's kill", sys.Queue(pid, with(func(i *signals.Info) { i.Code = signals.CodeUser })), syscall.EPERM},
		{"somebody else's tgkill", sys.Queue(pid, with(func(i *signals.Info) { i.Code = signals.CodeThread })), syscall.EPERM},
		{"from the kernel", sys.Queue(pid, with(func(i *signals.Info) { i.Code = signals.CodeKernel })), syscall.EPERM},
		{"the same, for a thread", sys.QueueThread(pid, pid, with(func(i *signals.Info) { i.Code = signals.CodeUser })), syscall.EPERM},
		{"nobody", sys.Queue(nobody, me), syscall.ESRCH},
		{"no thread", sys.QueueThread(pid, os.Getpid(), me), syscall.ESRCH},
		{"no signal", sys.Queue(pid, with(func(i *signals.Info) { i.Signal = 65 })), syscall.EINVAL},
		{"kill nobody", sys.Kill(nobody, signals.SIGUSR1), syscall.ESRCH},
		{"kill no thread", sys.KillThread(pid, os.Getpid(), signals.SIGUSR1), syscall.ESRCH},
		{"kill with no signal", sys.Kill(pid, 65), syscall.EINVAL},
		{"forged sender", sys.Queue(pid, with(func(i *signals.Info) { i.PID, i.UID = 1, 12345 })), nil},
	}
	for _, test := range tests {
		if test.err != test.want {
			t.Errorf("%s: %v, want %v", test.name, test.err, test.want)
		}
	}
	if got, want := state(t, pid).Shared, signals.SetOf(40); got != want {
		t.Errorf("pending: %v, want %v", got, want)
	}

	// The limit is the receiver's. Zero has no room at all.
	const rlimitSigpending = 11
	limit := [2]uint64{}
	if _, _, errno := syscall.Syscall6(syscall.SYS_PRLIMIT64, uintptr(pid), rlimitSigpending, uintptr(unsafe.Pointer(&limit)), 0, 0, 0); errno != 0 {
		t.Skip("prlimit on a process of ours:", errno)
	}
	if err := sys.Queue(pid, me); err != syscall.EAGAIN {
		t.Errorf("beyond the limit: %v, want EAGAIN", err)
	}
	if err := sys.Kill(pid, signals.SIGTERM); err != nil {
		t.Errorf("a standard signal beyond the limit: %v", err)
	}
	if got := state(t, pid); got.Limit != 0 || !got.Shared.Has(signals.SIGTERM) {
		t.Errorf("beyond the limit: %+v", got)
	}
}
