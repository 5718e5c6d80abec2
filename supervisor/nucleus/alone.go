//go:build linux && !cgo && (amd64 || arm64)

package nucleus

import (
	"syscall"

	"supervise/internal/sys"
	"supervise/signals"
	"supervise/signals/intake/boot"
	"supervise/signals/relay"
)

// instead calls goOn on a stack of its own, with all signals blocked. It does not return.
func instead()

// goOn goes on when the Go runtime was to start and could not, as there is no room for its threads
// or its memory. It may have started other threads, which wait for nothing any more. From here on
// nothing is decided: all signals are forwarded, children are reaped, and we exit as the
// command does.
//
//lint:ignore U1000 used from assembly
func goOn(n *nucleus) {
	n.alone = true
	boot.SetIntake(sys.ThreadID()) // which other threads tell that they have caught a signal
	n.line.Options.KillRemaining, n.decided = false, 0
	n.forward(0)
	n.relay.Name(n.left.Command.PID, false) // as SIGCHLD says more than that a child has ended
	switch left := &n.left; {
	case left.Ended && !n.line.Options.WaitAll:
		n.exit()
	case left.Ended:
		n.staying = true
	case left.Next.Signal != 0:
		n.relay.Info = left.Next.Raw()
		n.handle()
	}
	n.collect()
	for all := n.relay.Set; ; n.relay.Set = all {
		timeout := relay.Forever
		if refused.waiting > 0 {
			timeout = retryAfter
		}
		if refused.full() {
			n.relay.Set = signals.SetOf(signals.SIGCHLD)
		}
		switch number := signals.Signal(n.relay.Wait(timeout)); {
		case number == signals.SIGCHLD:
			n.collect()
		case number > 0 && number <= signals.Max:
			n.handle()
		}
		n.flush()
	}
}

// retryAfter is when a full queue of the command is tried again, in nanoseconds.
const retryAfter = 10_000_000

// collect reaps, and handles the signals that other threads have caught: they send us SIGCHLD then.
func (n *nucleus) collect() {
	n.reap()
	for boot.Take((*[128]byte)(&n.relay.Info)) {
		if signals.Decode(&n.relay.Info).Signal != signals.SIGCHLD {
			n.handle()
		}
	}
}

// handle forwards the signal in n.relay.Info, or keeps it if the command's queue has no room.
func (n *nucleus) handle() {
	info := n.relay.Info
	signal := signals.Decode(&info).Signal
	switch {
	case refused.waiting > 0 && signal.RealTime():
		refused.keep(&info)
	case n.receive(), n.staying:
	case n.relay.Refused == syscall.EAGAIN:
		refused.keep(&info)
	default: // the system refuses to have signals queued: without payload and sender, then
		pid := n.left.Command.PID
		if n.line.Options.Group {
			pid = -pid
		}
		sys.Send(pid, n.line.Options.Rewrite.Of(signal))
	}
}

// flush forwards what was kept, as far as there is room.
func (n *nucleus) flush() {
	for b := &refused; b.waiting > 0; b.drop() {
		n.relay.Info = b.kept[b.first]
		if !n.staying && !n.receive() && n.relay.Refused == syscall.EAGAIN {
			return
		}
	}
}

// refused are those that goOn keeps.
var refused backlog

// backlog are signals for which there was no room, in order. As long as they lay in our own queue
// they could leave none: both count for the same user. Memory is used as far as it is needed.
type backlog struct {
	first, waiting int
	kept           [mostKept]signals.RawInfo
}

const mostKept = 1 << 14

// full reports whether there is no room for what can still come: one signal, and those that
// threads have caught.
func (b *backlog) full() bool { return b.waiting > mostKept/2 }

func (b *backlog) keep(info *signals.RawInfo) {
	if b.waiting < mostKept {
		b.kept[(b.first+b.waiting)%mostKept] = *info
		b.waiting++
	}
}

func (b *backlog) drop() { b.first, b.waiting = (b.first+1)%mostKept, b.waiting-1 }
