package attribution

import (
	"testing"

	"supervise/internal/sys"
	"supervise/signals"
)

func TestOutcome(t *testing.T) {
	usr2, rt := signals.SetOf(signals.SIGUSR2), signals.SetOf(signals.SIGRTMIN)
	type state = sys.SignalState
	for name, test := range map[string]struct {
		signal        signals.Signal
		before, after state
		kind          OutcomeKind
		result        string
	}{
		"KILL":                       {signals.SIGKILL, state{}, state{Ended: true}, Uncatchable, "delivered"},
		"STOP":                       {signals.SIGSTOP, state{}, state{Stopped: true}, Uncatchable, "delivered"},
		"ignored":                    {signals.SIGUSR2, state{Ignored: usr2}, state{Ignored: usr2}, Ignored, "ignored"},
		"coalesced":                  {signals.SIGUSR2, state{Blocked: usr2, Shared: usr2}, state{Blocked: usr2, Shared: usr2}, Coalesced, "coalesced"},
		"real time, one was pending": {signals.SIGRTMIN, state{Blocked: rt, Shared: rt}, state{Blocked: rt, Shared: rt}, PendingBlocked, "pending"},
		"blocked":                    {signals.SIGUSR2, state{Blocked: usr2}, state{Blocked: usr2, Shared: usr2}, PendingBlocked, "pending"},
		"waited for":                 {signals.SIGUSR2, state{Blocked: usr2}, state{Blocked: usr2}, Accepted, "delivered"},
		"blocked, and it has ended":  {signals.SIGUSR2, state{Blocked: usr2}, state{}, Accepted, "delivered"},
		"stopped":                    {signals.SIGUSR2, state{Caught: usr2, Stopped: true}, state{Caught: usr2, Pending: usr2, Stopped: true}, PendingStopped, "pending"},
		"handler":                    {signals.SIGUSR2, state{Caught: usr2}, state{Caught: usr2}, Caught, "delivered"},
		"handler, at work":           {signals.SIGUSR2, state{Caught: usr2}, state{Caught: usr2, Blocked: usr2}, Caught, "delivered"},
		"default action":             {signals.SIGUSR2, state{}, state{}, Defaulted, "delivered"},
	} {
		got := OutcomeOf(test.signal, test.before, test.after)
		if got != (Outcome{test.kind, test.signal}) || got.Result() != test.result {
			t.Errorf("%s: %+v, %q", name, got, got.Result())
		}
	}
}

func TestOutcomeText(t *testing.T) {
	for kind, want := range map[OutcomeKind]string{
		Delivered:      "delivered",
		Uncatchable:    "delivered: SIGHUP cannot be caught, blocked or ignored",
		Ignored:        "the process ignores SIGHUP: nothing happens",
		Coalesced:      "one was pending already: the two are one",
		PendingBlocked: "the main thread blocks it: it is pending until that changes",
		PendingStopped: "the process is stopped: it is pending until it goes on",
		Caught:         "delivered to its handler",
		Accepted:       "delivered to who waits for it",
		Defaulted:      "delivered: it has no handler, so that the default action is taken: Term",
		200:            "outcome 200",
	} {
		if got := (Outcome{kind, signals.SIGHUP}).String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
