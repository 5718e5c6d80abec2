package bench

import (
	"syscall"

	"golang.org/x/sys/unix"

	"supervise/internal/sys"
	"supervise/signals"
)

// Scope is who gets a signal.
type Scope string

// The scopes, in the words of a service's ladder.
const (
	Main  Scope = "main"
	Group Scope = "group"
	Tree  Scope = "tree"
)

// Signal sends a signal by kill(2). That there is nobody is ESRCH.
func (p *Program) Signal(to Scope, s signals.Signal) error {
	if p.State() == Ended {
		return unix.ESRCH
	}
	switch to {
	case Group:
		return unix.Kill(-p.PID, syscall.Signal(s))
	case Tree:
		for _, member := range p.Tree() {
			_ = unix.Kill(member.PID, syscall.Signal(s))
		}
		return nil
	case Main:
	}
	return unix.Kill(p.PID, syscall.Signal(s))
}

// Queue sends a signal with a value to the program, as sigqueue(3) does. That the program may
// not have more pending signals is EAGAIN.
func (p *Program) Queue(s signals.Signal, value uint64) error {
	if p.pidfd < 0 || p.State() == Ended {
		return unix.ESRCH
	}
	return sys.QueuePIDFD(p.pidfd, signals.Info{Signal: s, Code: signals.CodeQueue, PID: 1, UID: uint32(unix.Getuid()), Value: value})
}
