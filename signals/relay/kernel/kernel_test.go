package kernel

import (
	"math"
	"syscall"
	"testing"
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
