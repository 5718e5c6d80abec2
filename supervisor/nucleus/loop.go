//go:build linux && !cgo && (amd64 || arm64)

package nucleus

import (
	"syscall"

	"supervise/internal/sys"
	"supervise/signals"
	"supervise/signals/relay"
	"supervise/signals/relay/kernel"
	"supervise/supervisor/pid1"
)

// loop forwards signals and reaps children until something has to be decided that pid1 decides.
// When the command has ended it usually exits.
func (n *nucleus) loop() {
	timeout := tidyAfter
	for early := 0; ; early++ {
		number := n.relay.Wait(timeout)
		if timeout != relay.Forever && (number == -int(syscall.EAGAIN) || early == mostEarly) {
			n.giveBack()
			timeout = relay.Forever
		}
		switch {
		case number <= 0:
		case signals.Signal(number) == signals.SIGCHLD:
			if n.reap() {
				return
			}
		case !n.receive():
			n.left.Next, n.left.Orphans = signals.Decode(&n.relay.Info), n.relay.Reaped
			return
		}
	}
}

// tidyAfter is when nothing has happened for long enough to give memory back that is not needed
// to wait, in nanoseconds. It is also given back when as many signals as mostEarly have come without
// such a pause, as those to come are forwarded sooner without a timeout.
const (
	tidyAfter int64 = 500_000_000
	mostEarly       = 8
)

// receive handles a signal that the relay has not forwarded, and reports whether that was all.
func (n *nucleus) receive() bool {
	info := signals.Decode(&n.relay.Info)
	s, o := info.Signal, &n.line.Options
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

// reap reaps all children that have ended, if the relay has not. It reports whether pid1 has to go
// on, because the terminal has stopped the command, or because of what follows its end.
func (n *nucleus) reap() (decide bool) {
	left, o, r := &n.left, &n.line.Options, &n.relay
	if !left.Ended && !r.Ended {
		o.EndGroup(left.Command.PID)
		r.Reap()
	} else if n.staying {
		r.Reap()
	}
	ended := r.Ended && !left.Ended
	left.Ended, left.Exit, left.Orphans = r.Ended, r.Exit, r.Reaped
	switch {
	case n.staying && !r.More, ended && !n.follows(r.More):
		n.exit()
	case n.staying:
		return false
	case ended && o.WaitAll && !o.KillRemaining && !n.tells():
		n.staying = true
		return false
	case ended:
		return true
	case !n.watchesStops():
		return false
	}
	by, stopped := sys.StoppedBy(left.Command.PID)
	return stopped && pid1.JobSignals.Has(by)
}

// watchesStops reports whether more is to be done about a child of a terminal's than to reap it.
func (n *nucleus) watchesStops() bool { return n.left.Terminal.FD >= 0 && !n.line.Options.StopAlong }

// follows reports whether there is more to do than to exit when the command has ended; others
// says that it has left children.
func (n *nucleus) follows(others bool) bool {
	return n.tells() || others && (n.line.Options.KillRemaining || n.line.Options.WaitAll)
}

// tells reports whether the end of the command is told in another way than by our status.
func (n *nucleus) tells() bool {
	o, exit := &n.line.Options, n.left.Exit
	_, last := n.relay.Forwarded()
	return !n.alone && (o.ExitBySignal && exit.Signal != 0 || o.Log.Level <= pid1.Warn && o.Crashed(exit, last.Signal))
}

// exit exits as the command did.
func (n *nucleus) exit() {
	n.left.Terminal.Reclaim(n.left.Command.PID)
	exit(n.line.Options.Remap.Of(n.left.Exit.Status()))
}

func exit(status int) { kernel.Call(syscall.SYS_EXIT_GROUP, uintptr(status), 0, 0, 0, 0) }
