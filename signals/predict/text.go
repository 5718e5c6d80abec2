package predict

import (
	"strconv"
	"strings"

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
	switch {
	case f.Fate == Continued:
		return "SIGCONT ends a stop, also if it is blocked or ignored"
	case f.Reason == Default && !s.Catchable():
		return s.String() + " cannot be caught, blocked or ignored"
	case int(f.Reason) >= len(sentences) || f.Reason == 0:
		return "no reason is known"
	}
	return strings.ReplaceAll(sentences[f.Reason], "SIGNAL", s.String())
}

// sentences are the reasons in words, in no tense.
var sentences = [...]string{
	Handler:        "the program's handler for SIGNAL runs",
	Waiter:         "a thread waits for it with sigwaitinfo() or the like",
	Descriptor:     "every thread blocks it, and the process has a signalfd to read it from",
	Default:        "the default action of SIGNAL",
	Disposition:    "the process ignores SIGNAL",
	NoEffect:       "SIGNAL does nothing by default, and the program does not catch it",
	Blocked:        "every thread that could take it blocks SIGNAL",
	WhileStopped:   "the process is stopped, and takes nothing but SIGKILL and SIGCONT",
	WhileFrozen:    "the cgroup of the process is frozen",
	Tracer:         "a debugger traces the process, and gets it first",
	PendingAlready: "a SIGNAL is pending already, and of a standard signal there is at most one",
	QueueFull:      "the queue of the target's user is full (SigQ, RLIMIT_SIGPENDING): EAGAIN",
	NamespaceInit:  "the process is the init of its PID namespace and has no handler for SIGNAL, so that the kernel drops it",
	Zombie:         "the process has ended and is a zombie, until its parent waits for it",
	Ending:         "the process is being killed already",
	OrphanedGroup:  "the process group is orphaned: nobody could continue it",
	NoThread:       "there is no such thread or process: ESRCH",
	NotPermitted:   "you may not signal this process: EPERM",
	Refused:        "the kernel refuses it",
	NotGone:        "it is on its way: the process runs, waits for a disk, or has changed meanwhile",
	Gone:           "the process has ended",
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
