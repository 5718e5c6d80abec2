package sys

import (
	"syscall"
	"unsafe"

	"supervise/signals"
)

// What package nucleus does before there is a Go runtime, and others do as well. None of it
// allocates, not even an error. Names of files are C strings.

// Send is [Kill] with an errno.
func Send(pid int, s signals.Signal) syscall.Errno {
	_, _, errno := syscall.RawSyscall(syscall.SYS_KILL, uintptr(pid), uintptr(s), 0)
	return errno
}

// Group returns the process group of the caller. getpgid(2).
func Group() int {
	group, _, _ := syscall.RawSyscall(syscall.SYS_GETPGID, 0, 0, 0)
	return int(group)
}

// Options of prctl(2).
const (
	prSetPdeathsig      = 1
	prSetChildSubreaper = 36
	prGetChildSubreaper = 37
)

// prctl is prctl(2) with one argument that is no address.
func prctl(option, argument uintptr) syscall.Errno {
	_, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, option, argument, 0, 0, 0, 0)
	return errno
}

// AlreadySubreaper is [IsSubreaper] without its error.
func AlreadySubreaper() bool {
	on, _ := alreadySubreaper()
	return on
}

func alreadySubreaper() (bool, syscall.Errno) {
	var on int32
	_, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, prGetChildSubreaper, uintptr(unsafe.Pointer(&on)), 0, 0, 0, 0)
	return on != 0, errno
}

// BecomeSubreaper is [Subreaper] with an errno.
func BecomeSubreaper() syscall.Errno { return prctl(prSetChildSubreaper, 1) }

// WatchParent is [ParentDeath] with an errno.
func WatchParent(s signals.Signal) syscall.Errno { return prctl(prSetPdeathsig, uintptr(s)) }

// Executable finds out whether a file can be executed: 0, or why not. EACCES is for one that is
// there, but is no regular file or may not be executed. stat(2), access(2).
func Executable(file *byte) syscall.Errno {
	var st syscall.Stat_t
	if _, _, errno := syscall.RawSyscall6(nrFstatat, atFDCWD, uintptr(unsafe.Pointer(file)), uintptr(unsafe.Pointer(&st)), 0, 0, 0); errno != 0 {
		return errno
	}
	if st.Mode&syscall.S_IFMT != syscall.S_IFREG {
		return syscall.EACCES
	}
	const xOK = 1
	_, _, errno := syscall.RawSyscall(syscall.SYS_FACCESSAT, atFDCWD, uintptr(unsafe.Pointer(file)), xOK)
	return errno
}

// OpenTTY opens the controlling terminal, close-on-exec; -1 if there is none. tty(4).
func OpenTTY() (fd int) {
	const flags = syscall.O_RDWR | syscall.O_NOCTTY | syscall.O_CLOEXEC
	opened, _, errno := syscall.RawSyscall6(syscall.SYS_OPENAT, atFDCWD, uintptr(unsafe.Pointer(&devTTY[0])), flags, 0, 0, 0)
	if errno != 0 {
		return -1
	}
	return int(opened)
}

var devTTY = [...]byte{'/', 'd', 'e', 'v', '/', 't', 't', 'y', 0}

// CloseAbove closes every descriptor above 2 but two, of which either may be -1.
func CloseAbove(first, second int) {
	if first > second {
		first, second = second, first
	}
	next := 3
	for i := range 2 {
		keep := first
		if i == 1 {
			keep = second
		}
		if keep < next {
			continue
		}
		if keep > next {
			closeRange(next, keep-1)
		}
		next = keep + 1
	}
	const last = 1<<31 - 1
	closeRange(next, last)
}

func closeRange(first, last int) syscall.Errno {
	_, _, errno := syscall.RawSyscall(NrCloseRange, uintptr(uint32(first)), uintptr(uint32(last)), 0)
	return errno
}
