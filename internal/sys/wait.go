package sys

import (
	"syscall"
	"unsafe"

	"supervise/signals"
	"supervise/signals/relay/kernel"
)

// Child is a child that ended, or was stopped or continued, as waitid(2) returns it.
type Child struct {
	PID    int
	UID    uint32 // its real user id
	Exit   signals.Exit
	Change Change
}

// Change is what has become of a child.
type Change uint8

// The changes. The zero value is the end.
const (
	HasEnded Change = iota
	HasStopped
	HasContinued
)

// The parts of waitid's interface that package syscall lacks: waitid(2), wait(2).
const (
	pAll         = 0
	pPID         = 1
	pPIDFD       = 3
	wNoHang      = 0x1
	wStopped     = 0x2
	wExited      = 0x4
	wContinued   = 0x8
	wNoWait      = 0x1000000
	wAll         = 0x40000000 // __WALL: also children whose exit signal is not SIGCHLD
	cldExited    = 1
	cldDumped    = 3
	cldStopped   = 5
	cldContinued = 6
)

// childInfo is siginfo_t as waitid fills it in.
type childInfo struct {
	signo, errno, code, _ int32
	pid                   int32
	uid                   uint32
	status                int32
	_                     [100]byte
}

// Reap reaps one ended child, any one, and never waits. ok is false if none has ended; more
// reports whether there are children at all. Until it is reaped a child keeps its pid, so
// that a signal sent to it cannot reach another process. waitid(2).
func Reap() (child Child, ok, more bool) { return waitid(pAll, 0, wExited|wNoHang|wAll) }

// ReapOrNote is [Reap], and returns also children that a signal has stopped or continued since
// they were last returned.
func ReapOrNote() (child Child, ok bool) {
	child, ok, _ = waitid(pAll, 0, wExited|wStopped|wContinued|wNoHang|wAll)
	return child, ok
}

// Ended is [Reap] for one child, but leaves it to be reaped.
func Ended(pid int) (child Child, ok bool) {
	child, ok, _ = waitid(pPID, pid, wExited|wNoHang|wNoWait|wAll)
	return child, ok
}

// WaitPIDFD waits for the end of the child of a pidfd, and reaps it. ok is false if it is no
// child, or somebody else has reaped it. P_PIDFD of waitid(2), Linux 5.4.
func WaitPIDFD(pidfd int) (child Child, ok bool) {
	var info childInfo
	for {
		_, _, errno := syscall.Syscall6(syscall.SYS_WAITID, pPIDFD, uintptr(pidfd), uintptr(unsafe.Pointer(&info)), wExited|wAll, 0, 0)
		if errno == syscall.EINTR {
			continue
		}
		return Child{PID: int(info.pid), UID: info.uid, Exit: exitOf(info.code, info.status)}, errno == 0
	}
}

func waitid(kind, id, options int) (child Child, ok, more bool) {
	var info childInfo
	for {
		errno := kernel.Errno(kernel.Call(syscall.SYS_WAITID, uintptr(kind), uintptr(id), uintptr(unsafe.Pointer(&info)), uintptr(options), 0))
		switch {
		case errno == syscall.EINTR:
			continue
		case errno != 0:
			return Child{}, false, false // ECHILD: there is none
		case info.pid == 0:
			return Child{}, false, true
		}
		child = Child{PID: int(info.pid), UID: info.uid, Exit: exitOf(info.code, info.status)}
		switch info.code {
		case cldStopped:
			child.Change = HasStopped
		case cldContinued:
			child.Change = HasContinued
		}
		return child, true, true
	}
}

func exitOf(code, status int32) signals.Exit {
	if code == cldExited {
		return signals.Exit{Code: int(status) & 0xff}
	}
	return signals.Exit{Signal: signals.Signal(status & 0x7f), Core: code == cldDumped}
}
