//go:build linux && (amd64 || arm64)

package process

import (
	"syscall"
	"unsafe"

	"supervise/signals"
)

// Bare is a start without allocation, of which the strings are C's, for package nucleus: there
// is no Go runtime yet. What the command inherits anyway is not mentioned. The addresses are those of
// what the caller keeps: a pointer is not stored before the compiler has asked whether the garbage
// collector runs, in a page of memory that nothing else is needed of.
type Bare struct {
	Path       uintptr // of the first byte
	Argv, Env  uintptr // of the first pointer
	Mask       signals.Set
	IgnoreChld bool // SIGCHLD is to be ignored, as it was when we were executed

	Placement   Placement
	HasTerminal bool
	Terminal    int
	WantPIDFD   bool

	// PIDs are where the child writes its own pid in decimal, up to 20 bytes; nil for none. It
	// needs a /proc, as Spec.PIDVariables does.
	PIDs [mostPIDs]*byte

	program program
	steps   [6 + mostPIDs]step
	ignore  sigaction
	pid     uintptr
	pidfd   int32
}

// Start starts the command, as [Start] does. ok is false if it does not run; nothing is left
// of it then, and why is not told.
func (b *Bare) Start() (child Process, ok bool) {
	n := b.placement()
	for _, at := range b.PIDs {
		if at != nil {
			b.add(&n, syscall.SYS_READLINKAT, atFDCWD, uintptr(unsafe.Pointer(unsafe.StringData(procSelf))), uintptr(unsafe.Pointer(at)), longestPID).optional = 1
		}
	}
	if b.IgnoreChld {
		b.ignore.handler = sigIgn
		b.add(&n, syscall.SYS_RT_SIGACTION, uintptr(syscall.SIGCHLD), uintptr(unsafe.Pointer(&b.ignore)), 0, sigsetSize)
	}
	b.add(&n, syscall.SYS_RT_SIGPROCMASK, sigSetmask, uintptr(unsafe.Pointer(&b.Mask)), 0, sigsetSize)
	b.add(&n, syscall.SYS_EXECVE, b.Path, b.Argv, b.Env, 0)
	b.pidfd = -1
	b.program.count, b.program.flags = uintptr(n), cloneOurs|uintptr(syscall.SIGCHLD)
	*(*uintptr)(unsafe.Pointer(&b.program.steps)) = uintptr(unsafe.Pointer(&b.steps[0]))
	if b.WantPIDFD {
		b.program.flags |= clonePIDFD
		b.program.parentTID = &b.pidfd
	}
	child = Process{PID: vfork(&b.program), PIDFD: int(b.pidfd)}
	if child.PID < 0 {
		return child, false
	}
	if b.program.errno != 0 {
		syscall.RawSyscall6(syscall.SYS_WAIT4, uintptr(child.PID), 0, syscall.WALL, 0, 0, 0)
		if child.PIDFD >= 0 {
			syscall.RawSyscall(syscall.SYS_CLOSE, uintptr(child.PIDFD), 0, 0)
		}
		return child, false
	}
	return child, true
}

const procSelf = "/proc/self\x00"

const (
	mostPIDs   = 3
	atFDCWD    = ^uintptr(99) // AT_FDCWD, -100
	longestPID = 20
)

// add appends a step.
func (b *Bare) add(n *int, number, a1, a2, a3, a4 uintptr) *step {
	next := &b.steps[*n]
	next.number, next.args[0], next.args[1], next.args[2], next.args[3] = number, a1, a2, a3, a4
	*n++
	return next
}

// placement is that of plan, and returns how many steps it takes.
func (b *Bare) placement() (n int) {
	switch b.Placement {
	case SameGroup:
	case OwnSession:
		b.add(&n, syscall.SYS_SETSID, 0, 0, 0, 0)
		if b.HasTerminal {
			b.add(&n, syscall.SYS_IOCTL, uintptr(b.Terminal), syscall.TIOCSCTTY, 0, 0).optional = 1
		}
	case OwnGroup:
		b.add(&n, syscall.SYS_SETPGID, 0, 0, 0, 0)
		if b.HasTerminal {
			b.add(&n, syscall.SYS_GETPID, 0, 0, 0, 0).result = &b.pid
			b.add(&n, syscall.SYS_IOCTL, uintptr(b.Terminal), syscall.TIOCSPGRP, uintptr(unsafe.Pointer(&b.pid)), 0).optional = 1
		}
	}
	return n
}
