//go:build linux && !cgo && (amd64 || arm64)

package nucleus

import (
	"syscall"

	"supervise/internal/sys"
	"supervise/signals"
	"supervise/signals/relay"
	"supervise/supervisor/pid1"
)

// loop forwards signals and reaps children until something has to be decided that pid1 decides.
// When the command has ended it usually exits.
func (n *nucleus) loop() {
	timeout := tidyAfter
	for {
		switch number := n.relay.Wait(timeout); {
		case number == -int(syscall.EAGAIN):
			n.giveBack()
			timeout = relay.Forever
		case number <= 0:
		case signals.Signal(number) == signals.SIGCHLD:
			if n.reap() {
				return
			}
		case !n.receive():
			n.left.Next = signals.Decode(&n.relay.Info)
			return
		}
	}
}

// tidyAfter is when nothing has happened for long enough to give memory back that is not needed
// to wait, in nanoseconds.
const tidyAfter int64 = 500_000_000

// receive handles a signal that the relay has not forwarded, and reports whether that was all.
func (n *nucleus) receive() bool {
	info := signals.Decode(&n.relay.Info)
	s, o := info.Signal, n.options
	switch {
	case info.HasSender() && int(info.PID) == n.pid: // as the terminal's SIGHUP when we leave it
		return true
	case n.staying:
		return false
	case n.dropped.Has(s), o.Drops(n.pid, s, info.Code):
		return true
	case n.decided.Has(s):
		return false
	}
	return n.relay.Pass()
}

// reap reaps all children that have ended. It reports whether pid1 has to go on, because the
// terminal has stopped the command, or because of what follows its end.
func (n *nucleus) reap() (decide bool) {
	left := &n.left
	if !left.Ended {
		n.options.EndGroup(left.Command.PID)
	}
	ended, others := false, false
	for {
		pid, exit, more := sys.ReapAny()
		if pid == 0 {
			others = more
			break
		}
		if pid == left.Command.PID && !left.Ended {
			left.Ended, left.Exit, ended = true, exit, true
			n.relay.To(0, 0)
			continue
		}
		left.Orphans++
	}
	switch {
	case n.staying && !others, ended && !n.follows(others):
		n.exit()
	case n.staying:
		return false
	case ended && n.options.WaitAll && !n.options.KillRemaining && !n.tells():
		n.staying = true
		return false
	case ended:
		return true
	case left.Terminal.FD < 0 || n.options.StopAlong:
		return false
	}
	by, stopped := sys.StoppedBy(left.Command.PID)
	return stopped && pid1.JobSignals.Has(by)
}

// follows reports whether there is more to do than to exit when the command has ended; others
// says that it has left children.
func (n *nucleus) follows(others bool) bool {
	return n.tells() || others && (n.options.KillRemaining || n.options.WaitAll)
}

// tells reports whether the end of the command is told in another way than by our status.
func (n *nucleus) tells() bool {
	o, exit := n.options, n.left.Exit
	_, last := n.relay.Forwarded()
	return !n.alone && (o.ExitBySignal && exit.Signal != 0 || o.Log.Level <= pid1.Warn && o.Crashed(exit, last.Signal))
}

// exit exits as the command did.
func (n *nucleus) exit() {
	n.left.Terminal.Reclaim(n.left.Command.PID)
	exit(n.options.Remap.Of(n.left.Exit.Status()))
}

func exit(status int) { relay.Call(syscall.SYS_EXIT_GROUP, uintptr(status), 0, 0, 0, 0) }
