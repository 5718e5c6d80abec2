package pid1

import (
	"syscall"

	"supervise/internal/sys"
	"supervise/signals"
	"supervise/supervisor/process"
)

// The rules of an init that hold before there is a Go runtime as well: package nucleus goes by
// the same. They allocate nothing.

// Forwarded are the signals that are forwarded: all but SIGCHLD, which is about our children.
const Forwarded = signals.Full &^ (1<<(signals.SIGKILL-1) | 1<<(signals.SIGSTOP-1) | 1<<(signals.SIGCHLD-1))

// JobSignals are the signals by which a terminal, or a shell for it, stops processes.
const JobSignals = signals.Set(1<<(signals.SIGTSTP-1) | 1<<(signals.SIGTTIN-1) | 1<<(signals.SIGTTOU-1))

// fromTerminal are signals that a terminal sends to its whole foreground group.
const fromTerminal = JobSignals | 1<<(signals.SIGINT-1) | 1<<(signals.SIGQUIT-1) | 1<<(signals.SIGWINCH-1)

// Decided are the signals that need more than forwarding.
func (o *Options) Decided(pid int, terminal bool) signals.Set {
	set := o.Rewrite.Decided() | o.Ignore | o.RestartOn
	if o.handlesStop() {
		set |= o.StopSignals
	}
	if pid != 1 || o.StopAlong {
		set |= JobSignals
	}
	if terminal {
		set = set.With(signals.SIGCONT)
	}
	return set
}

// handlesStop reports whether a stop signal is more than any other signal.
func (o *Options) handlesStop() bool {
	return o.StopTimeout > 0 || o.Drain > 0 || o.ExitZeroOnStop || o.RestartOn != 0
}

// Dropped are the signals about which nothing is to be done but not to forward them, as they are
// rewritten to 0.
func (o *Options) Dropped() (set signals.Set) {
	for s := signals.Signal(1); s <= signals.Max; s++ {
		if o.Rewrite.Of(s) == 0 {
			set = set.With(s)
		}
	}
	set &^= JobSignals | o.RestartOn
	if o.handlesStop() {
		set &^= o.StopSignals
	}
	return set.Without(signals.SIGCONT)
}

// Drops reports whether nothing is to be done about a signal: it is to be ignored, the kernel
// has sent it to the command as well, as a member of our process group, or it is a terminal's
// request to stop that nobody could undo, because we are PID 1.
func (o *Options) Drops(pid int, signal signals.Signal, code signals.Code) bool {
	kernel := code == signals.CodeKernel
	return o.Ignore.Has(signal) ||
		kernel && o.Placement == process.SameGroup && fromTerminal.Has(signal) ||
		kernel && pid == 1 && JobSignals.Has(signal)
}

// ReapsOrphans makes orphans our children, unless they are already: as PID 1, or when whoever
// executed us was a subreaper. If that is not possible, or not asked for, warning says so.
func (o *Options) ReapsOrphans(pid int) (warning string, errno syscall.Errno) {
	switch {
	case pid == 1 || !o.Subreaper && !o.WarnNotReaper || sys.AlreadySubreaper():
		return "", 0
	case !o.Subreaper:
		return "not PID 1 and not a child subreaper: orphans will not be reaped here; use -s, or set TINI_SUBREAPER", 0
	}
	if errno = sys.BecomeSubreaper(); errno != 0 {
		return "cannot become child subreaper, orphans will not be reaped here", errno
	}
	return "", 0
}

// EndsGroup reports whether EndGroup is asked for.
func (o *Options) EndsGroup() bool { return o.TermGroup && o.Group }

// EndGroup sends SIGTERM to what is left of the command's process group when the command has
// ended, if it is asked for. It is called before the command is reaped: until then its pid
// cannot be reused.
func (o *Options) EndGroup(command int) {
	if !o.EndsGroup() || command <= 1 {
		return
	}
	if _, ended := sys.Ended(command); !ended {
		return
	}
	if signal := o.Rewrite.Of(signals.SIGTERM); signal != 0 {
		sys.Send(-command, signal)
	}
}

// Crashed reports whether the command has crashed, by a signal that dumps core and that did
// not come through us. Those whose names we go by say no more of that than they do.
func (o *Options) Crashed(exit signals.Exit, last signals.Signal) bool {
	own := o.Log.Style == Text || o.Log.Style == JSON
	return own && exit.Signal != 0 && exit.Signal.Default() == signals.Core && last != exit.Signal
}
