package attribution

import (
	"supervise/internal/sys"
	"supervise/signals"
)

// OutcomeKind is what a process did with a signal that was sent to it.
type OutcomeKind uint8

// The outcomes, going by /proc/PID/status just before and after the signal was sent.
const (
	Delivered      OutcomeKind = iota // nothing else is known
	Uncatchable                       // SIGKILL and SIGSTOP take effect in any case
	Ignored                           // its disposition is to ignore it
	Coalesced                         // one of its number was pending already
	PendingBlocked                    // the main thread blocks it
	PendingStopped                    // the process is stopped
	Caught                            // a handler takes it
	Accepted                          // it is blocked, and the process waits for it: sigwaitinfo(2), signalfd(2)
	Defaulted                         // it has no handler: the default action is taken
)

// Outcome is what a main process did with a signal. It is a plain comparable value.
type Outcome struct {
	Kind   OutcomeKind
	Signal signals.Signal
}

// OutcomeOf compares the state of a process before and after a signal was sent to it. The
// state after is zero if the process could not be found any more.
func OutcomeOf(signal signals.Signal, before, after sys.SignalState) Outcome {
	was, pending := (before.Pending | before.Shared).Has(signal), (after.Pending | after.Shared).Has(signal)
	kind := Defaulted
	switch {
	case !signal.Catchable():
		kind = Uncatchable
	case before.Ignored.Has(signal):
		kind = Ignored
	case was && !signal.RealTime():
		kind = Coalesced
	case pending && before.Blocked.Has(signal):
		kind = PendingBlocked
	case pending && after.Stopped:
		kind = PendingStopped
	case before.Caught.Has(signal):
		kind = Caught
	case before.Blocked.Has(signal):
		kind = Accepted
	}
	return Outcome{kind, signal}
}

// Result is the outcome in one word, for clients: delivered, ignored, coalesced or pending.
func (o Outcome) Result() string {
	switch o.Kind {
	case Ignored:
		return "ignored"
	case Coalesced:
		return "coalesced"
	case PendingBlocked, PendingStopped:
		return "pending"
	case Delivered, Uncatchable, Caught, Accepted, Defaulted:
	}
	return "delivered"
}

// String says the outcome in a sentence.
func (o Outcome) String() string {
	switch o.Kind {
	case Delivered:
		return "delivered"
	case Uncatchable:
		return "delivered: " + o.Signal.String() + " cannot be caught, blocked or ignored"
	case Ignored:
		return "the process ignores " + o.Signal.String() + ": nothing happens"
	case Coalesced:
		return "one was pending already: the two are one"
	case PendingBlocked:
		return "the main thread blocks it: it is pending until that changes"
	case PendingStopped:
		return "the process is stopped: it is pending until it goes on"
	case Caught:
		return "delivered to its handler"
	case Accepted:
		return "delivered to who waits for it"
	case Defaulted:
		return "delivered: it has no handler, so that the default action is taken: " + o.Signal.Default().String()
	}
	return "outcome " + name(nil, o.Kind)
}
