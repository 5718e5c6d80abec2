package sys

import (
	"syscall"
	"unsafe"

	"supervise/signals"
	"supervise/signals/relay"
)

// What package nucleus does before there is a Go runtime, and others do as well. None of it
// allocates, not even an error. Names of files are C strings.

// Send is [Kill] with an errno.
func Send(pid int, s signals.Signal) syscall.Errno {
	return relay.Errno(relay.Call(syscall.SYS_KILL, uintptr(pid), uintptr(s), 0, 0, 0))
}

// ThreadID returns the id of the calling thread. gettid(2).
func ThreadID() int { return int(relay.Call(syscall.SYS_GETTID, 0, 0, 0, 0, 0)) }

// IsIgnored reports whether a signal's disposition is SIG_IGN. rt_sigaction(2).
func IsIgnored(s signals.Signal) bool {
	var now action
	relay.Call(syscall.SYS_RT_SIGACTION, uintptr(s), 0, uintptr(unsafe.Pointer(&now)), setSize, 0)
	return now.handler == ignore
}

// Default is [SetDefault] with an errno.
func Default(s signals.Signal) syscall.Errno {
	var initial action
	return relay.Errno(relay.Call(syscall.SYS_RT_SIGACTION, uintptr(s), uintptr(unsafe.Pointer(&initial)), 0, setSize, 0))
}

// ReapAny is [Reap] without the user, which takes the kernel less time. pid is 0 if no child has
// ended. wait4(2).
func ReapAny() (pid int, exit signals.Exit, more bool) {
	var status uint32
	result := relay.Call(syscall.SYS_WAIT4, ^uintptr(0), uintptr(unsafe.Pointer(&status)), wNoHang|wAll, 0, 0)
	if relay.Errno(result) != 0 || result == 0 {
		return 0, signals.Exit{}, result == 0
	}
	if by := signals.Signal(status & 0x7f); by != 0 {
		return int(result), signals.Exit{Signal: by, Core: status&0x80 != 0}, true
	}
	return int(result), signals.Exit{Code: int(status >> 8 & 0xff)}, true
}

// StoppedBy is [Stopped], but leaves the stop to be reported again.
func StoppedBy(pid int) (by signals.Signal, ok bool) {
	child, ok, _ := waitid(pPID, pid, wStopped|wNoHang|wNoWait|wAll)
	return child.Exit.Signal, ok
}

// AllOpen reports whether the descriptors 0, 1 and 2 are open. poll(2).
func AllOpen() bool {
	const pollNval = 0x20
	var now [2]int64
	var set [3]struct {
		fd              int32
		events, revents int16
	}
	for i := range set {
		set[i].fd = int32(i)
	}
	if relay.Errno(relay.Call(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&set)), uintptr(len(set)), uintptr(unsafe.Pointer(&now)), 0, 0)) != 0 {
		return false
	}
	return (set[0].revents|set[1].revents|set[2].revents)&pollNval == 0
}

// Group returns the process group of the caller. getpgid(2).
func Group() int {
	group := relay.Call(syscall.SYS_GETPGID, 0, 0, 0, 0, 0)
	return int(group)
}

// PID and Parent return the pids of the caller and its parent.
func PID() int    { return int(relay.Call(syscall.SYS_GETPID, 0, 0, 0, 0, 0)) }
func Parent() int { return int(relay.Call(syscall.SYS_GETPPID, 0, 0, 0, 0, 0)) }

// Foreground returns the foreground process group of the caller's controlling terminal; ok is
// false for any other descriptor. ioctl_tty(2) TIOCGPGRP.
func Foreground(terminal int) (group int, ok bool) {
	var pgid int32
	result := relay.Call(syscall.SYS_IOCTL, uintptr(terminal), syscall.TIOCGPGRP, uintptr(unsafe.Pointer(&pgid)), 0, 0)
	return int(pgid), result == 0
}

// SetForeground makes a process group the foreground. TIOCSPGRP.
func SetForeground(terminal, group int) {
	pgid := int32(group)
	relay.Call(syscall.SYS_IOCTL, uintptr(terminal), syscall.TIOCSPGRP, uintptr(unsafe.Pointer(&pgid)), 0, 0)
}

// LeaveTerminal gives up a terminal, if it is the controlling one. TIOCNOTTY.
func LeaveTerminal(terminal int) (did bool) {
	return relay.Call(syscall.SYS_IOCTL, uintptr(terminal), syscall.TIOCNOTTY, 0, 0, 0) == 0
}

// Options of prctl(2).
const (
	prSetPdeathsig      = 1
	prSetChildSubreaper = 36
	prGetChildSubreaper = 37
)

// prctl is prctl(2) with one argument that is no address.
func prctl(option, argument uintptr) syscall.Errno {
	return relay.Errno(relay.Call(syscall.SYS_PRCTL, option, argument, 0, 0, 0))
}

// AlreadySubreaper is [IsSubreaper] without its error.
func AlreadySubreaper() bool {
	on, _ := alreadySubreaper()
	return on
}

func alreadySubreaper() (bool, syscall.Errno) {
	var on int32
	errno := relay.Errno(relay.Call(syscall.SYS_PRCTL, prGetChildSubreaper, uintptr(unsafe.Pointer(&on)), 0, 0, 0))
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
	if errno := relay.Errno(relay.Call(nrFstatat, atFDCWD, uintptr(unsafe.Pointer(file)), uintptr(unsafe.Pointer(&st)), 0, 0)); errno != 0 {
		return errno
	}
	if st.Mode&syscall.S_IFMT != syscall.S_IFREG {
		return syscall.EACCES
	}
	const xOK = 1
	return relay.Errno(relay.Call(syscall.SYS_FACCESSAT, atFDCWD, uintptr(unsafe.Pointer(file)), xOK, 0, 0))
}

// OpenTTY opens the controlling terminal, close-on-exec; -1 if there is none. tty(4).
func OpenTTY() (fd int) {
	const flags = syscall.O_RDWR | syscall.O_NOCTTY | syscall.O_CLOEXEC
	opened := relay.Call(syscall.SYS_OPENAT, atFDCWD, uintptr(unsafe.Pointer(unsafe.StringData(devTTY))), flags, 0, 0)
	if relay.Errno(opened) != 0 {
		return -1
	}
	return int(opened)
}

// C strings. As constants they lie where nothing is written.
const (
	devTTY = "/dev/tty\x00"
	root   = "/\x00"
)

// ChdirRoot changes to the root directory. chdir(2).
func ChdirRoot() syscall.Errno {
	return relay.Errno(relay.Call(syscall.SYS_CHDIR, uintptr(unsafe.Pointer(unsafe.StringData(root))), 0, 0, 0, 0))
}

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
	return relay.Errno(relay.Call(NrCloseRange, uintptr(uint32(first)), uintptr(uint32(last)), 0, 0, 0))
}
