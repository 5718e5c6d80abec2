package relay

import (
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"supervise/signals"
	"supervise/signals/relay/kernel"
)

// TestWait has one thread send itself signals, which it waits for. Package intake and the
// conformance suite have others send them, and forward them.
func TestWait(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	set := signals.SetOf(signals.SIGUSR1, signals.SIGRTMIN+5)
	var before signals.Set
	mask(t, 0, &set, &before)
	defer mask(t, 2, &before, nil)

	var r Relay
	r.Init(set, syscall.Getpid())
	r.To(syscall.Getpid(), set) // what we send ourselves is not forwarded
	const second = 1_000_000_000
	if got := r.Wait(0); got != -int(syscall.EAGAIN) {
		t.Errorf("without a signal: %d", got)
	}
	for s := range set.All() {
		if _, _, errno := syscall.RawSyscall(syscall.SYS_TGKILL, uintptr(syscall.Getpid()), uintptr(syscall.Gettid()), uintptr(s)); errno != 0 {
			t.Fatal(errno)
		}
		if got := r.Wait(second); got != int(s) {
			t.Errorf("%v: %d", s, got)
		}
		if info := signals.Decode(&r.Info); info.Signal != s || int(info.PID) != syscall.Getpid() {
			t.Errorf("%v: %v", s, info)
		}
	}
	if count, last := r.Forwarded(); count != 0 || last.Signal != 0 {
		t.Errorf("%d forwarded, the last %v", count, last)
	}
}

// TestReap has children end: Wait says so of the named one alone, and how. They are zombies before
// this thread is told, as other threads may get the kernel's SIGCHLD.
func TestReap(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	set := signals.SetOf(signals.SIGCHLD)
	var before signals.Set
	mask(t, 0, &set, &before)
	defer mask(t, 2, &before, nil)

	for how, want := range map[string]signals.Exit{"exit 3": {Code: 3}, "kill -KILL $$": {Signal: signals.SIGKILL}} {
		var r Relay
		r.Init(set, syscall.Getpid())
		child := zombie(t, how)
		r.Name(child, true)
		others := []int{zombie(t, "exit 1"), zombie(t, "exit 1")}
		if got := awaited(t, &r); got != int(signals.SIGCHLD) || !r.Ended || r.Exit != want || r.Reaped != len(others) || r.More {
			t.Errorf("%q: %d, %+v", how, got, r.Children)
		}
		r.Name(others[0], true)
		r.Children = Children{}
		zombie(t, "exit 1")
		if got := awaited(t, &r); got != 0 || r.Ended || r.Reaped != 1 {
			t.Errorf("not the named one: %d, %+v", got, r.Children)
		}
		r.Name(others[0], false)
		if got := awaited(t, &r); got != int(signals.SIGCHLD) || r.Reaped != 1 {
			t.Errorf("if the caller is to reap: %d, %+v", got, r.Children)
		}
	}
}

// zombie returns the pid of a child that has ended.
func zombie(t *testing.T, script string) int {
	t.Helper()
	pid, err := syscall.ForkExec("/bin/sh", []string{"sh", "-c", script}, nil)
	if err != nil {
		t.Fatal(err)
	}
	const pPID, exited, leave = 1, 4, 0x1000000
	for errno := syscall.EINTR; errno == syscall.EINTR; {
		errno = kernel.Errno(kernel.Call(syscall.SYS_WAITID, pPID, uintptr(pid), 0, exited|leave, 0))
	}
	return pid
}

// awaited waits after SIGCHLD to this thread, of which there may be another one already.
func awaited(t *testing.T, r *Relay) (got int) {
	t.Helper()
	if errno := kernel.Errno(kernel.Call(syscall.SYS_TGKILL, uintptr(syscall.Getpid()), uintptr(syscall.Gettid()), uintptr(signals.SIGCHLD), 0, 0)); errno != 0 {
		t.Fatal(errno)
	}
	const second = 1_000_000_000
	got = r.Wait(10 * second)
	for r.Wait(0) >= 0 { // the kernel's may be pending for the process
	}
	return got
}

func mask(t *testing.T, how int, set, before *signals.Set) {
	t.Helper()
	errno := kernel.Errno(kernel.Call(syscall.SYS_RT_SIGPROCMASK, uintptr(how), uintptr(unsafe.Pointer(set)), uintptr(unsafe.Pointer(before)), unsafe.Sizeof(*set), 0))
	if errno != 0 {
		t.Fatal(errno)
	}
}
