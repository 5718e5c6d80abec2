package relay

import (
	"syscall"
	"unsafe"

	"supervise/signals"
	"supervise/signals/relay/kernel"
)

// Children are what a Relay knows of those that have ended.
type Children struct {
	Reaped int          // how many, but for the one that is named
	More   bool         // there were others when they were reaped last
	Ended  bool         // the one that is named has ended
	Exit   signals.Exit // and how
}

// Name tells which of the children is not one of many. If Wait reaps, it returns SIGCHLD when that
// one has ended, and never before. Else the caller reaps for each SIGCHLD.
func (r *Relay) Name(child int, reaps bool) { r.child, r.reaps = child, reaps }

// Reap reaps all children that have ended, and reports whether the named one was among them. From
// then on no signal is forwarded, as its pid may be reused, and Wait reaps no more. wait4(2), which
// takes the kernel less time than waitid.
//
//go:nosplit
//go:norace
func (r *Relay) Reap() (ended bool) {
	var status uint32
	for {
		pid := int(kernel.Call(syscall.SYS_WAIT4, ^uintptr(0), uintptr(unsafe.Pointer(&status)), syscall.WNOHANG|syscall.WALL, 0, 0))
		if pid <= 0 {
			r.More = pid == 0 // or a negated errno, ECHILD
			return ended
		}
		if pid != r.child || r.Ended {
			r.Reaped++
			continue
		}
		ended, r.Ended, r.reaps = true, true, false
		r.forward, r.call = 0, 0
		r.Exit = signals.Exit{Code: int(status >> 8 & 0xff)}
		if by := signals.Signal(status & 0x7f); by != 0 {
			r.Exit = signals.Exit{Signal: by, Core: status&0x80 != 0}
		}
	}
}
