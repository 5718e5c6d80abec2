package relay

import (
	"math"
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"supervise/signals"
)

func TestErrno(t *testing.T) {
	for result, want := range map[uintptr]syscall.Errno{
		0: 0, 1: 0, math.MaxInt: 0, ^uintptr(0): syscall.EPERM, ^uintptr(10): syscall.EAGAIN, ^uintptr(4094): 4095, ^uintptr(4095): 0,
	} {
		if got := Errno(result); got != want {
			t.Errorf("Errno(%#x) = %d, want %d", result, got, want)
		}
	}
	if pid := Call(syscall.SYS_GETPID, 0, 0, 0, 0, 0); int(pid) != syscall.Getpid() {
		t.Errorf("getpid: %d", pid)
	}
	if errno := Errno(Call(syscall.SYS_CLOSE, ^uintptr(0), 0, 0, 0, 0)); errno != syscall.EBADF {
		t.Errorf("close: %v", errno)
	}
}

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

func mask(t *testing.T, how int, set, before *signals.Set) {
	t.Helper()
	errno := Errno(Call(syscall.SYS_RT_SIGPROCMASK, uintptr(how), uintptr(unsafe.Pointer(set)), uintptr(unsafe.Pointer(before)), unsafe.Sizeof(*set), 0))
	if errno != 0 {
		t.Fatal(errno)
	}
}
