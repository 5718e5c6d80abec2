package sys

import (
	"syscall"
	"unsafe"

	"supervise/signals"
)

const (
	sigSetmask = 2 // SIG_SETMASK, sigprocmask(2)
	setSize    = 8 // sizeof(sigset_t) in the kernel
)

// SetMask replaces the calling thread's signal mask and returns the previous one. The caller
// holds the thread with runtime.LockOSThread. rt_sigprocmask(2).
func SetMask(mask signals.Set) (before signals.Set) {
	syscall.RawSyscall6(syscall.SYS_RT_SIGPROCMASK, sigSetmask,
		uintptr(unsafe.Pointer(&mask)), uintptr(unsafe.Pointer(&before)), setSize, 0, 0)
	return before
}

// Kill sends a signal as kill(2) does: pid > 0 is a process, 0 the caller's process group, -1
// every process, below -1 a process group.
func Kill(pid int, s signals.Signal) error {
	return wrap(Send(pid, s))
}

// KillThread sends a signal to one thread of a process. tgkill(2).
func KillThread(pid, tid int, s signals.Signal) error {
	_, _, errno := syscall.RawSyscall(syscall.SYS_TGKILL, uintptr(pid), uintptr(tid), uintptr(s))
	return wrap(errno)
}

// Queue sends a signal with a siginfo to a process. For any other process than the caller the
// info must be as [signals.Info.Forwardable] returns it, else EPERM. A real-time signal
// beyond the receiver's RLIMIT_SIGPENDING is EAGAIN. rt_sigqueueinfo(2).
func Queue(pid int, info signals.Info) error {
	raw := info.Raw()
	_, _, errno := syscall.RawSyscall(syscall.SYS_RT_SIGQUEUEINFO, uintptr(pid), uintptr(info.Signal), uintptr(unsafe.Pointer(&raw)))
	return wrap(errno)
}

// QueueThread is [Queue] for one thread of a process. rt_tgsigqueueinfo(2).
func QueueThread(pid, tid int, info signals.Info) error {
	raw := info.Raw()
	_, _, errno := syscall.RawSyscall6(syscall.SYS_RT_TGSIGQUEUEINFO, uintptr(pid), uintptr(tid), uintptr(info.Signal), uintptr(unsafe.Pointer(&raw)), 0, 0)
	return wrap(errno)
}

// wrap keeps a zero Errno from becoming a non-nil error.
func wrap(errno syscall.Errno) error {
	if errno == 0 {
		return nil
	}
	return errno
}
