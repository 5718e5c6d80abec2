package predict

import (
	"strconv"

	"supervise/signals"
)

// Text says a forecast in words, in no tense: "pending: every thread blocks SIGTERM; then
// handled".
func (f Forecast) Text(s signals.Signal) string {
	text := f.Fate.String() + ": " + f.why(s)
	if f.Thread > 0 && f.Fate != Terminated && f.Fate != Dumped && f.Fate != Stopped {
		text += ", in thread " + strconv.Itoa(f.Thread)
	}
	switch {
	case f.Fate == Pending && f.Then != 0:
		text += "; then " + f.Then.String()
	case f.Fate == Continued && f.Then != 0 && f.Then != Ignored:
		text += "; beside that " + f.Then.String()
	}
	if f.InfoLost {
		text += "; siginfo lost: the queue of its user is full, so that it shows neither sender nor value"
	}
	return text
}

// why is the reason in words.
func (f Forecast) why(s signals.Signal) string {
	name := s.String()
	if f.Fate == Continued {
		return "SIGCONT ends a stop, also if it is blocked or ignored"
	}
	switch f.Reason {
	case Handler:
		return "the program's handler for " + name + " runs"
	case Waiter:
		return "a thread waits for it with sigwaitinfo() or the like"
	case Descriptor:
		return "every thread blocks it, and the process has a signalfd to read it from"
	case Default:
		return f.defaultWords(s)
	case Disposition:
		return "the process ignores " + name
	case NoEffect:
		return name + " does nothing by default, and the program does not catch it"
	case Blocked:
		return "every thread that could take it blocks " + name
	case WhileStopped:
		return "the process is stopped, and takes nothing but SIGKILL and SIGCONT"
	case WhileFrozen:
		return "the cgroup of the process is frozen"
	case Tracer:
		return "a debugger traces the process, and gets it first"
	case PendingAlready:
		return "a " + name + " is pending already, and of a standard signal there is at most one"
	case QueueFull:
		return "the queue of the target's user is full (SigQ, RLIMIT_SIGPENDING): EAGAIN"
	case NamespaceInit:
		return "the process is the init of its PID namespace and has no handler for " + name + ", so that the kernel drops it"
	}
	return f.whyNot()
}

// whyNot is why for the reasons that are about the target's end.
func (f Forecast) whyNot() string {
	switch f.Reason {
	case Zombie:
		return "the process has ended and is a zombie, until its parent waits for it"
	case Ending:
		return "the process is being killed already"
	case OrphanedGroup:
		return "the process group is orphaned: nobody could continue it"
	case NoThread:
		return "there is no such thread or process: ESRCH"
	case NotPermitted:
		return "you may not signal this process: EPERM"
	case Refused:
		return "the kernel refuses it"
	case NotGone:
		return "it is on its way: the process runs, waits for a disk, or has changed meanwhile"
	case Gone:
		return "the process has ended"
	case Handler, Waiter, Descriptor, Default, Disposition, NoEffect, Blocked, WhileStopped, WhileFrozen,
		Tracer, PendingAlready, QueueFull, NamespaceInit:
	}
	return "no reason is known"
}

func (f Forecast) defaultWords(s signals.Signal) string {
	if !s.Catchable() {
		return s.String() + " cannot be caught, blocked or ignored"
	}
	return "the default action of " + s.String()
}

var reasons = [...]string{
	Handler: "handler", Waiter: "waiter", Descriptor: "signalfd", Default: "default", Disposition: "ignored",
	NoEffect: "no-effect", Blocked: "blocked", WhileStopped: "stopped", WhileFrozen: "frozen", Tracer: "traced",
	PendingAlready: "pending-already", QueueFull: "queue-full", NamespaceInit: "namespace-init", Zombie: "zombie",
	Ending: "ending", OrphanedGroup: "orphaned-group", NoThread: "no-process", NotPermitted: "not-permitted", Refused: "refused",
	NotGone: "on-its-way", Gone: "gone",
}

// String returns the reason in one word, for programs: "namespace-init".
func (r Reason) String() string {
	if r == 0 || int(r) >= len(reasons) {
		return "Reason(" + strconv.Itoa(int(r)) + ")"
	}
	return reasons[r]
}

// MarshalText returns the word.
func (r Reason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }
