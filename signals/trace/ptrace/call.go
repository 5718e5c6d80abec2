package ptrace

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"supervise/signals"
)

// ptrace is ptrace(2) for requests whose data is a number.
func ptrace(request, tid int, data uintptr) error {
	_, _, errno := unix.Syscall6(unix.SYS_PTRACE, uintptr(request), uintptr(tid), 0, data, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// information is the siginfo of the signal that a thread stands at.
func information(tid int) (signals.Info, error) {
	var raw signals.RawInfo
	_, _, errno := unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_GETSIGINFO, uintptr(tid), 0, uintptr(unsafe.Pointer(&raw)), 0, 0)
	if errno != 0 {
		return signals.Info{}, errno
	}
	return signals.Decode(&raw), nil
}
