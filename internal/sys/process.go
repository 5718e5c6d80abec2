package sys

import (
	"syscall"
	"unsafe"

	"supervise/signals"
	"supervise/signals/relay"
)

// System calls after 5.0, which have the same number on every architecture.
const (
	NrPIDFDSendSignal = relay.NrPIDFDSendSignal
	NrCloseRange      = 436
	sysPidfdOpen      = 434
	sysClone3         = 435
)

// Subreaper makes the caller the parent of all orphans among its descendants.
// PR_SET_CHILD_SUBREAPER, Linux 3.4.
func Subreaper() error {
	return wrap(BecomeSubreaper())
}

// IsSubreaper reports whether the caller is what [Subreaper] makes it. The attribute is not
// passed on by fork(2), but kept by execve(2): one who executes us may have set it. The error
// is the one that Subreaper would fail with. PR_GET_CHILD_SUBREAPER, Linux 3.4.
func IsSubreaper() (bool, error) {
	on, errno := alreadySubreaper()
	return on, wrap(errno)
}

// OpenPID returns a close-on-exec descriptor of the process that has the pid now; ESRCH if
// there is none. pidfd_open(2), Linux 5.3.
func OpenPID(pid int) (fd int, err error) {
	r, _, errno := syscall.RawSyscall(sysPidfdOpen, uintptr(pid), 0, 0)
	if errno != 0 {
		return -1, errno
	}
	return int(r), nil
}

// KillPIDFD sends a signal to the process of a pidfd and to no other: ESRCH once it has been
// reaped. pidfd_send_signal(2), Linux 5.1.
func KillPIDFD(fd int, signal uint8) error {
	_, _, errno := syscall.RawSyscall6(NrPIDFDSendSignal, uintptr(fd), uintptr(signal), 0, 0, 0, 0)
	return wrap(errno)
}

// OpenThread returns a close-on-exec descriptor of a thread; signals sent by it are for that
// thread alone. pidfd_open(2) with PIDFD_THREAD, Linux 6.9; EINVAL before.
func OpenThread(tid int) (fd int, err error) {
	const pidfdThread = syscall.O_EXCL
	r, _, errno := syscall.RawSyscall(sysPidfdOpen, uintptr(tid), pidfdThread, 0)
	if errno != 0 {
		return -1, errno
	}
	return int(r), nil
}

// QueuePIDFD is [Queue] for the process of a pidfd and no other: ESRCH once it has been reaped.
// pidfd_send_signal(2), Linux 5.1.
func QueuePIDFD(fd int, info signals.Info) error {
	raw := info.Raw()
	_, _, errno := syscall.RawSyscall6(NrPIDFDSendSignal, uintptr(fd), uintptr(info.Signal), uintptr(unsafe.Pointer(&raw)), 0, 0, 0)
	return wrap(errno)
}

// CloseOnExec marks every descriptor from first on, so that no program started later inherits
// one by accident. close_range(2) with CLOSE_RANGE_CLOEXEC, Linux 5.11. Where that is
// refused, it marks them one by one; the error then says that there is no /proc to find them
// in.
func CloseOnExec(first int) error {
	const closeRangeCloexec = 4
	_, _, errno := syscall.RawSyscall(NrCloseRange, uintptr(first), uintptr(^uint32(0)), closeRangeCloexec)
	if errno != 0 && markCloseOnExec(first) {
		return nil
	}
	return wrap(errno)
}

// markCloseOnExec does the same through /proc/self/fd. It reports whether that exists.
func markCloseOnExec(first int) (found bool) {
	for fd := range numbered("/proc/self/fd") {
		found = true // at least the one that reads the list
		if fd >= first {
			syscall.CloseOnExec(fd)
		}
	}
	return found
}

// lowestHigh is the lowest number for long-lived descriptors. A descriptor above those that a
// child needs costs nothing when the child is started. A process begins with a table of 64.
var lowestHigh uintptr = 40

// KeepLow keeps all numbers below n for short-lived descriptors, which get the lowest that is
// free: if so many are open at a time that one is above thousands of long-lived ones, a child that
// needs it takes longer to start by all of these. It is called before there are other threads that
// open descriptors.
func KeepLow(n int) { lowestHigh = uintptr(n) }

// DupHigh moves a long-lived descriptor to a high number, out of the way of short-lived ones,
// and returns that number; it becomes close-on-exec. It stays where it is if the limit of
// descriptors leaves no room.
func DupHigh(fd int) int {
	moved, _, errno := syscall.RawSyscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_DUPFD_CLOEXEC, lowestHigh)
	if errno != 0 {
		return fd
	}
	Close(fd)
	return int(moved)
}

// FDRoom is an error if there is no room for n more descriptors: EMFILE by RLIMIT_NOFILE, ENFILE
// for the whole machine.
func FDRoom(n int) (err error) {
	var fds []int
	for len(fds) < n && err == nil {
		fd, _, errno := syscall.RawSyscall(syscall.SYS_EVENTFD2, 0, syscall.O_CLOEXEC, 0)
		if err = wrap(errno); err == nil {
			fds = append(fds, int(fd))
		}
	}
	for _, fd := range fds {
		Close(fd)
	}
	return err
}

// GrowFDTable grows the descriptor table to hold n high descriptors. In a process with
// several threads, each growth makes the kernel wait, for some ten milliseconds, until no
// thread can be using the old table; by itself the table grows by doubling: expand_fdtable in
// fs/file.c. Other threads keep running meanwhile.
func GrowFDTable(n int) {
	fd, _, errno := syscall.RawSyscall6(syscall.SYS_EPOLL_CREATE1, syscall.O_CLOEXEC, 0, 0, 0, 0, 0)
	if errno != 0 {
		return
	}
	last, _, errno := syscall.Syscall(syscall.SYS_FCNTL, fd, syscall.F_DUPFD_CLOEXEC, lowestHigh+uintptr(n))
	if errno == 0 {
		Close(int(last))
	}
	Close(int(fd))
}

// Close closes a descriptor that cannot make close(2) wait: of a pipe, a directory, a pidfd.
// As it bypasses the Go scheduler, no other thread is woken to run goroutines meanwhile,
// which costs more than the call itself.
func Close(fd int) { _, _, _ = syscall.RawSyscall(syscall.SYS_CLOSE, uintptr(fd), 0, 0) }

// WaitExecutable is [Executable] for who has the Go runtime, which goes on while the file system
// does not answer.
func WaitExecutable(file *byte) syscall.Errno {
	var st syscall.Stat_t
	_, _, errno := syscall.Syscall6(nrFstatat, atFDCWD, uintptr(unsafe.Pointer(file)), uintptr(unsafe.Pointer(&st)), 0, 0, 0)
	switch {
	case errno != 0:
		return errno
	case st.Mode&syscall.S_IFMT != syscall.S_IFREG:
		return syscall.EACCES
	}
	_, _, errno = syscall.Syscall(syscall.SYS_FACCESSAT, atFDCWD, uintptr(unsafe.Pointer(file)), xOK)
	return errno
}

// SetNonblock makes reads of a descriptor fail where they would wait. fcntl(2) F_SETFL.
func SetNonblock(fd int) error {
	_, _, errno := syscall.RawSyscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_SETFL, syscall.O_NONBLOCK)
	return wrap(errno)
}

// Mkdir makes a directory. Like [Close] it is for what needs no disk: cgroups. mkdir(2).
func Mkdir(path string, mode uint32) error {
	name, err := syscall.BytePtrFromString(path)
	if err != nil {
		return err
	}
	_, _, errno := syscall.RawSyscall(syscall.SYS_MKDIRAT, atFDCWD, uintptr(unsafe.Pointer(name)), uintptr(mode))
	return wrap(errno)
}

// OpenDir opens a directory of the same kind as [Mkdir], close-on-exec. open(2).
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
