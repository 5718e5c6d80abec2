package sys

import (
	"syscall"
	"unsafe"
)

// Alarm has the kernel send SIGALRM to the process after ns nanoseconds, in place of an
// earlier alarm; 0 only cancels that. setitimer(2), ITIMER_REAL.
func Alarm(ns int64) error {
	const itimerReal = 0
	timer := [2]syscall.Timeval{1: syscall.NsecToTimeval(ns)} // the first is the interval
	_, _, errno := syscall.RawSyscall(syscall.SYS_SETITIMER, itimerReal, uintptr(unsafe.Pointer(&timer)), 0)
	return wrap(errno)
}
