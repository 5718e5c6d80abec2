package sys

import (
	"syscall"
	"unsafe"

	"supervise/internal/text"
	"supervise/signals"
	"supervise/signals/relay/kernel"
)

// What package nucleus does before there is a Go runtime, and others do as well. None of it
// allocates, not even an error. Names of files are C strings.

// Send is [Kill] with an errno.
func Send(pid int, s signals.Signal) syscall.Errno {
	return kernel.Errno(kernel.Call(syscall.SYS_KILL, uintptr(pid), uintptr(s), 0, 0, 0))
}

// ThreadID returns the id of the calling thread. gettid(2).
func ThreadID() int { return int(kernel.Call(syscall.SYS_GETTID, 0, 0, 0, 0, 0)) }

// IsIgnored reports whether a signal's disposition is SIG_IGN. rt_sigaction(2).
func IsIgnored(s signals.Signal) bool {
	var now action
	kernel.Call(syscall.SYS_RT_SIGACTION, uintptr(s), 0, uintptr(unsafe.Pointer(&now)), setSize, 0)
	return now.handler == ignore
}

// Default is [SetDefault] with an errno.
func Default(s signals.Signal) syscall.Errno {
	var initial action
	return kernel.Errno(kernel.Call(syscall.SYS_RT_SIGACTION, uintptr(s), uintptr(unsafe.Pointer(&initial)), 0, setSize, 0))
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
	if kernel.Errno(kernel.Call(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&set)), uintptr(len(set)), uintptr(unsafe.Pointer(&now)), 0, 0)) != 0 {
		return false
	}
	return (set[0].revents|set[1].revents|set[2].revents)&pollNval == 0
}

// WaitWritable waits until a descriptor can be written to, or a signal comes. poll(2).
func WaitWritable(fd int) {
	const pollOut = 4
	set := struct {
		fd              int32
		events, revents int16
	}{fd: int32(fd), events: pollOut}
	kernel.Call(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&set)), 1, 0, 0, 0)
}

// Group returns the process group of the caller. getpgid(2).
func Group() int {
	group := kernel.Call(syscall.SYS_GETPGID, 0, 0, 0, 0, 0)
	return int(group)
}

// PID and Parent return the pids of the caller and its parent.
func PID() int    { return int(kernel.Call(syscall.SYS_GETPID, 0, 0, 0, 0, 0)) }
func Parent() int { return int(kernel.Call(syscall.SYS_GETPPID, 0, 0, 0, 0, 0)) }

// Foreground returns the foreground process group of the caller's controlling terminal; ok is
// false for any other descriptor. ioctl_tty(2) TIOCGPGRP.
func Foreground(terminal int) (group int, ok bool) {
	var pgid int32
	result := kernel.Call(syscall.SYS_IOCTL, uintptr(terminal), syscall.TIOCGPGRP, uintptr(unsafe.Pointer(&pgid)), 0, 0)
	return int(pgid), result == 0
}

// SetForeground makes a process group the foreground. TIOCSPGRP.
func SetForeground(terminal, group int) {
	pgid := int32(group)
	kernel.Call(syscall.SYS_IOCTL, uintptr(terminal), syscall.TIOCSPGRP, uintptr(unsafe.Pointer(&pgid)), 0, 0)
}

// LeaveTerminal gives up a terminal, if it is the controlling one. TIOCNOTTY.
func LeaveTerminal(terminal int) (did bool) {
	return kernel.Call(syscall.SYS_IOCTL, uintptr(terminal), syscall.TIOCNOTTY, 0, 0, 0) == 0
}

// Options of prctl(2).
const (
	prSetPdeathsig      = 1
	prSetChildSubreaper = 36
	prGetChildSubreaper = 37
)

// prctl is prctl(2) with one argument that is no address.
func prctl(option, argument uintptr) syscall.Errno {
	return kernel.Errno(kernel.Call(syscall.SYS_PRCTL, option, argument, 0, 0, 0))
}

// AlreadySubreaper is [IsSubreaper] without its error.
func AlreadySubreaper() bool {
	on, _ := alreadySubreaper()
	return on
}

func alreadySubreaper() (bool, syscall.Errno) {
	var on int32
	errno := kernel.Errno(kernel.Call(syscall.SYS_PRCTL, prGetChildSubreaper, uintptr(unsafe.Pointer(&on)), 0, 0, 0))
	return on != 0, errno
}

// BecomeSubreaper is [Subreaper] with an errno.
func BecomeSubreaper() syscall.Errno { return prctl(prSetChildSubreaper, 1) }

// WatchParent is [ParentDeath] with an errno.
func WatchParent(s signals.Signal) syscall.Errno { return prctl(prSetPdeathsig, uintptr(s)) }

// Executable finds out whether a file can be executed: 0, or why not. EACCES is for one that is
// there, but is no regular file or may not be executed. stat(2), access(2).
//
// Where the Go runtime is, [WaitExecutable] does the same: a file system that does not answer
// would hold up all of that, too.
func Executable(file *byte) syscall.Errno {
	var st syscall.Stat_t
	if errno := kernel.Errno(kernel.Call(nrFstatat, atFDCWD, uintptr(unsafe.Pointer(file)), uintptr(unsafe.Pointer(&st)), 0, 0)); errno != 0 {
		return errno
	}
	if st.Mode&syscall.S_IFMT != syscall.S_IFREG {
		return syscall.EACCES
	}
	return kernel.Errno(kernel.Call(syscall.SYS_FACCESSAT, atFDCWD, uintptr(unsafe.Pointer(file)), xOK, 0, 0))
}

const xOK = 1 // access(2)

// OpenTTY opens the controlling terminal, close-on-exec; -1 if there is none. tty(4).
func OpenTTY() (fd int) {
	const flags = syscall.O_RDWR | syscall.O_NOCTTY | syscall.O_CLOEXEC
	name := [...]uint64{devTTY, 0}
	opened := kernel.Call(syscall.SYS_OPENAT, atFDCWD, uintptr(unsafe.Pointer(&name)), flags, 0, 0)
	if kernel.Errno(opened) != 0 {
		return -1
	}
	return int(opened)
}

// ReadInto reads a file, given as a C string, into memory, as much as there is room for, and as
// [ReadFile] without waiting for a writer.
func ReadInto(path *byte, memory []byte) (content string, errno syscall.Errno) {
	const flags = syscall.O_RDONLY | syscall.O_CLOEXEC | syscall.O_NONBLOCK | syscall.O_NOCTTY
	fd := kernel.Call(syscall.SYS_OPENAT, atFDCWD, uintptr(unsafe.Pointer(path)), flags, 0, 0)
	if errno := kernel.Errno(fd); errno != 0 {
		return "", errno
	}
	n := kernel.Call(syscall.SYS_READ, fd, uintptr(unsafe.Pointer(unsafe.SliceData(memory))), uintptr(len(memory)), 0, 0)
	kernel.Call(syscall.SYS_CLOSE, fd, 0, 0, 0, 0)
	if errno := kernel.Errno(n); errno != 0 {
		return "", errno
	}
	return unsafe.String(unsafe.SliceData(memory), int(n)), 0
}

// StatIn is [ReadStat], with memory for the text, where the name stays.
func StatIn(pid int, memory []byte) (s Stat, ok bool) {
	line, errno := readOf(pid, "/stat\x00", memory)
	if errno != 0 {
		return Stat{}, false
	}
	return parseStat(line)
}

// SignalStateIn is [ReadSignalState], with memory for the text.
func SignalStateIn(pid int, memory []byte) (s SignalState, ok bool) {
	status, errno := readOf(pid, "/status\x00", memory)
	if errno != 0 {
		return SignalState{}, false
	}
	return parseSignalState(status)
}

// readOf reads a file of a process.
func readOf(pid int, file string, memory []byte) (content string, errno syscall.Errno) {
	var path [40]byte
	b := text.NewBuffer(path[:])
	b.Add("/proc/")
	b.AddUint(uint64(pid), 1)
	b.Add(file)
	return ReadInto(&path[0], memory)
}

// Write writes a text, as much of it as can be without waiting for others than the kernel.
// write(2).
func Write(fd int, bytes []byte) (written int, errno syscall.Errno) {
	n := kernel.Call(syscall.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(bytes))), uintptr(len(bytes)), 0, 0)
	if errno = kernel.Errno(n); errno != 0 {
		return 0, errno
	}
	return int(n), 0
}

// Populate has the pages of memory be there, which takes less time than one page fault for each.
// madvise(2) MADV_POPULATE_WRITE, Linux 5.14; before, it does nothing.
func Populate(memory []byte) {
	const populateWrite, page = 23, 4096
	at := uintptr(unsafe.Pointer(unsafe.SliceData(memory)))
	first := at &^ (page - 1)
	kernel.Call(syscall.SYS_MADVISE, first, at+uintptr(len(memory))-first, populateWrite, 0, 0)
}

// Sleep sleeps for some nanoseconds, or until a signal comes. nanosleep(2).
func Sleep(ns int64) {
	t := syscall.Timespec{Nsec: ns}
	kernel.Call(syscall.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&t)), 0, 0, 0, 0)
}

// UserID is the caller's effective one. geteuid(2).
func UserID() int { return int(kernel.Call(syscall.SYS_GETEUID, 0, 0, 0, 0, 0)) }

// WallTime is the time in nanoseconds since 1970. clock_gettime(2).
func WallTime() int64 {
	var t syscall.Timespec
	kernel.Call(syscall.SYS_CLOCK_GETTIME, 0, uintptr(unsafe.Pointer(&t)), 0, 0, 0)
	return t.Sec*1e9 + t.Nsec
}

// C strings, as little-endian numbers: those are in the code, and a string in a page of its own.
const (
	devTTY uint64 = '/' | 'd'<<8 | 'e'<<16 | 'v'<<24 | '/'<<32 | 't'<<40 | 't'<<48 | 'y'<<56
	root   uint64 = '/'
)

// ChdirRoot changes to the root directory. chdir(2).
func ChdirRoot() syscall.Errno {
	name := root
	return kernel.Errno(kernel.Call(syscall.SYS_CHDIR, uintptr(unsafe.Pointer(&name)), 0, 0, 0, 0))
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
	return kernel.Errno(kernel.Call(NrCloseRange, uintptr(uint32(first)), uintptr(uint32(last)), 0, 0, 0))
}
