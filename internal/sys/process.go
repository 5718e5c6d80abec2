package sys

import (
	"syscall"
	"unsafe"
)

// System calls with the same number on every architecture that Linux gained after 5.0.
const (
	NrPIDFDSendSignal = 424 // for what makes the call itself, in assembly
	sysPidfdOpen      = 434
	sysCloseRange     = 436
)

// PIDFDProcessGroup is the flag PIDFD_SIGNAL_PROCESS_GROUP of pidfd_send_signal(2), Linux 6.9.
const PIDFDProcessGroup = 4

// Subreaper makes the caller the parent of all orphans among its descendants.
// PR_SET_CHILD_SUBREAPER, Linux 3.4.
func Subreaper() error {
	const prSetChildSubreaper = 36
	_, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, prSetChildSubreaper, 1, 0, 0, 0, 0)
	return wrap(errno)
}

// CanSubreap returns why [Subreaper] would fail, or nil. It changes nothing.
// PR_GET_CHILD_SUBREAPER, Linux 3.4.
func CanSubreap() error {
	const prGetChildSubreaper = 37
	var on int32
	_, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, prGetChildSubreaper, uintptr(unsafe.Pointer(&on)), 0, 0, 0, 0)
	return wrap(errno)
}

// OpenPID returns a descriptor, close-on-exec, for the process that has the pid now.
// ESRCH when there is none. pidfd_open(2), Linux 5.3.
func OpenPID(pid int) (fd int, err error) {
	r, _, errno := syscall.RawSyscall(sysPidfdOpen, uintptr(pid), 0, 0)
	if errno != 0 {
		return -1, errno
	}
	return int(r), nil
}

// KillPIDFD sends a signal to the process behind a pidfd and to no other: ESRCH once it
// is reaped. pidfd_send_signal(2), Linux 5.1.
func KillPIDFD(fd int, signal uint8) error {
	_, _, errno := syscall.RawSyscall6(NrPIDFDSendSignal, uintptr(fd), uintptr(signal), 0, 0, 0, 0)
	return wrap(errno)
}

// CloseOnExec marks every descriptor from first on, so that no program started later
// inherits one by accident. close_range(2) with CLOSE_RANGE_CLOEXEC, Linux 5.11; one by one
// where that is refused, and the error is then that there is no /proc to find them in.
func CloseOnExec(first int) error {
	const closeRangeCloexec = 4
	_, _, errno := syscall.RawSyscall(sysCloseRange, uintptr(first), uintptr(^uint32(0)), closeRangeCloexec)
	if errno != 0 && markCloseOnExec(first) {
		return nil
	}
	return wrap(errno)
}

// markCloseOnExec does the same by /proc/self/fd, and reports whether that is there.
func markCloseOnExec(first int) (found bool) {
	for fd := range numbered("/proc/self/fd") {
		found = true // the one that the list is read by, at least
		if fd >= first {
			syscall.CloseOnExec(fd)
		}
	}
	return found
}

// lowest is where descriptors that live long are put, out of the way of those that are
// handed to children: those above what a child needs cost nothing when it is started. A
// process begins with a table of 64.
const lowest = 40

// Aside moves a descriptor out of the way of those that are opened only for a moment, and
// returns its new number; it becomes close-on-exec. It stays where it is when the limit
// of descriptors leaves no room.
func Aside(fd int) int {
	moved, _, errno := syscall.RawSyscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_DUPFD_CLOEXEC, lowest)
	if errno != 0 {
		return fd
	}
	Close(fd)
	return int(moved)
}

// MakeRoom makes the table of descriptors large enough for n that are put aside. In a
// process with several threads the kernel waits each time that the table grows until none
// of them can be looking at the old one, some ten milliseconds, and by itself it grows to
// twice the size: expand_fdtable in fs/file.c. The other threads go on meanwhile.
func MakeRoom(n int) {
	fd, _, errno := syscall.RawSyscall6(syscall.SYS_EPOLL_CREATE1, syscall.O_CLOEXEC, 0, 0, 0, 0, 0)
	if errno != 0 {
		return
	}
	last, _, errno := syscall.Syscall(syscall.SYS_FCNTL, fd, syscall.F_DUPFD_CLOEXEC, uintptr(lowest+n))
	if errno == 0 {
		Close(int(last))
	}
	Close(int(fd))
}

// Close closes a descriptor that nothing has to be waited for at: a pipe's, a directory's,
// a pidfd. As it does not tell the Go scheduler, no other thread is woken meanwhile to run
// goroutines in this one's place, which costs more than the call. close(2).
func Close(fd int) { _, _, _ = syscall.RawSyscall(syscall.SYS_CLOSE, uintptr(fd), 0, 0) }

// SetNonblock makes reading from a pipe fail where it would wait. F_SETFL of fcntl(2).
func SetNonblock(fd int) error {
	_, _, errno := syscall.RawSyscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_SETFL, syscall.O_NONBLOCK)
	return wrap(errno)
}

// Mkdir makes a directory. As [Close] it is for what waits for no disk: cgroups. mkdir(2).
func Mkdir(path string, mode uint32) error {
	name, err := syscall.BytePtrFromString(path)
	if err != nil {
		return err
	}
	_, _, errno := syscall.RawSyscall(syscall.SYS_MKDIRAT, atFDCWD, uintptr(unsafe.Pointer(name)), uintptr(mode))
	return wrap(errno)
}

// OpenDir opens a directory, close-on-exec, of the same kind as [Mkdir]. open(2).
func OpenDir(path string) (fd int, err error) {
	name, err := syscall.BytePtrFromString(path)
	if err != nil {
		return -1, err
	}
	const flags = syscall.O_DIRECTORY | syscall.O_RDONLY | syscall.O_CLOEXEC
	opened, _, errno := syscall.RawSyscall6(syscall.SYS_OPENAT, atFDCWD, uintptr(unsafe.Pointer(name)), flags, 0, 0, 0)
	return int(opened), wrap(errno)
}

const atFDCWD = ^uintptr(99) // AT_FDCWD, -100
