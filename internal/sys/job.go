package sys

import (
	"syscall"
	"unsafe"

	"supervise/signals"
	"supervise/signals/relay"
)

// Stopped reports whether a child was stopped since the last call and still is, and by which
// signal. waitid(2) with WSTOPPED.
func Stopped(pid int) (by signals.Signal, ok bool) {
	child, ok, _ := waitid(pPID, pid, wStopped|wNoHang|wAll)
	return child.Exit.Signal, ok
}

// Peek is [Reap], but leaves the child to be reaped with [ReapOne].
func Peek() (child Child, ok, more bool) { return waitid(pAll, 0, wExited|wNoHang|wNoWait|wAll) }

// HasChildren reports whether there are children, living or to be reaped. waitid(2).
func HasChildren() bool {
	_, ended, living := Peek()
	return ended || living
}

// ReapOne is [Reap] for one child.
func ReapOne(pid int) (child Child, ok bool) {
	child, ok, _ = waitid(pPID, pid, wExited|wNoHang|wAll)
	return child, ok
}

// Pending returns the blocked signals that are pending for the calling thread or its process.
// rt_sigpending(2).
func Pending() (set signals.Set) {
	syscall.RawSyscall(syscall.SYS_RT_SIGPENDING, uintptr(unsafe.Pointer(&set)), setSize, 0)
	return set
}

// action is the kernel's struct sigaction.
type action struct {
	handler, flags, restorer uintptr
	mask                     signals.Set
}

const ignore = 1 // SIG_IGN

// SetDefault sets a signal's disposition to SIG_DFL. rt_sigaction(2).
func SetDefault(s signals.Signal) error {
	return wrap(Default(s))
}

// SetIgnored sets a signal's disposition to SIG_IGN, which discards one that is pending.
// rt_sigaction(2).
func SetIgnored(s signals.Signal) error {
	ignored := action{handler: ignore}
	_, _, errno := syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(s), uintptr(unsafe.Pointer(&ignored)), 0, setSize, 0, 0)
	return wrap(errno)
}

// Ignored returns the signals whose disposition is SIG_IGN. rt_sigaction(2).
func Ignored() (set signals.Set) {
	for s := range signals.Full.All() {
		if IsIgnored(s) {
			set = set.With(s)
		}
	}
	return set
}

// QueueGroup is [Queue] for a process group, given a pidfd of its leader. It succeeds if any
// member took the signal; ESRCH if the process leads no group. pidfd_send_signal(2) with
// PIDFD_SIGNAL_PROCESS_GROUP, Linux 6.9; EINVAL before.
func QueueGroup(pidfd int, info signals.Info) error {
	raw := info.Raw()
	_, _, errno := syscall.RawSyscall6(NrPIDFDSendSignal, uintptr(pidfd), uintptr(info.Signal),
		uintptr(unsafe.Pointer(&raw)), relay.PIDFDProcessGroup, 0, 0)
	return wrap(errno)
}

// ParentDeath has the kernel send the caller a signal when its parent ends (precisely, the
// thread that created it); 0 for none. Check afterwards whether the parent is still alive.
// prctl(2) PR_SET_PDEATHSIG.
func ParentDeath(s signals.Signal) error {
	return wrap(WatchParent(s))
}

// CloseRange closes all open descriptors from first to last. close_range(2), Linux 5.9.
func CloseRange(first, last int) error {
	return wrap(closeRange(first, last))
}

// Now returns CLOCK_MONOTONIC in nanoseconds. clock_gettime(2).
func Now() int64 {
	const clockMonotonic = 1
	var t syscall.Timespec
	_, _, _ = syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clockMonotonic, uintptr(unsafe.Pointer(&t)), 0)
	return int64(t.Sec)*1_000_000_000 + int64(t.Nsec)
}
