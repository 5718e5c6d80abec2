package attribution

import (
	"testing"
	"time"

	"supervise/signals"
	"supervise/supervisor/machine"
)

var (
	client = machine.Asker{PID: 12, Name: "supervise"}
	other  = machine.Asker{PID: 13, Name: "bash"}
	fifo   = machine.Asker{Source: "/run/web.fifo"}
)

// TestExplain has a service end by SIGUSR2 some time after others were sent to it.
func TestExplain(t *testing.T) {
	const (
		now      = time.Hour
		unknown  = "from an unknown sender: the kernel does not say who it was"
		long     = 1500 * time.Millisecond
		possible = "perhaps from pid 12 (supervise, uid 0), which sent one "
	)
	asked := func(by machine.Asker, effect machine.Effect, ago time.Duration) Sending {
		return Sending{By: by, Effect: effect, At: now - ago, Entry: uint64(by.PID)}
	}
	own := func(reason Reason, effect machine.Effect, ago time.Duration) Sending {
		return Sending{Reason: reason, Effect: effect, At: now - ago, Entry: 99}
	}
	for name, test := range map[string]struct {
		sent      []Sending
		want      string
		certainty Certainty
		entry     uint64
	}{
		"nothing":                {nil, unknown, Unknown, 0},
		"fatal":                  {[]Sending{asked(client, machine.Fatal, 0)}, "from pid 12 (supervise, uid 0)", Certain, 12},
		"fatal, long ago":        {[]Sending{asked(client, machine.Fatal, long)}, possible + "1.5s before", Possible, 12},
		"caught just now":        {[]Sending{asked(client, machine.Caught, 200*time.Millisecond)}, possible + "200ms before", Possible, 12},
		"caught long ago":        {[]Sending{asked(client, machine.Caught, long)}, unknown, Unknown, 0},
		"blocked":                {[]Sending{asked(client, machine.Blocked, 3*time.Second)}, possible + "3s before", Possible, 12},
		"blocked, then another":  {[]Sending{asked(client, machine.Blocked, 3*time.Second), asked(other, machine.Coalesces, 0)}, possible + "3s before", Possible, 12},
		"ignored":                {[]Sending{asked(client, machine.NoEffect, 0)}, unknown, Unknown, 0},
		"caught, then ignored":   {[]Sending{asked(client, machine.Caught, 0), asked(other, machine.NoEffect, 0)}, unknown, Unknown, 0},
		"caught, then fatal":     {[]Sending{asked(client, machine.Caught, 0), asked(other, machine.Fatal, 0)}, "from pid 13 (bash, uid 0)", Certain, 13},
		"no process":             {[]Sending{asked(fifo, machine.Fatal, 0)}, "from supervise: asked for by /run/web.fifo", Certain, 0},
		"no process, caught":     {[]Sending{asked(fifo, machine.Caught, time.Second)}, "perhaps from supervise: asked for by /run/web.fifo, sent 1s before", Possible, 0},
		"rung":                   {[]Sending{own(Rung, machine.Fatal, 0)}, "from supervise: a rung of its ladder", Certain, 0},
		"rung, caught long ago":  {[]Sending{own(Rung, machine.Caught, 5*time.Second)}, "perhaps from supervise: a rung of its ladder, sent 5s before", Possible, 0},
		"end of ladder":          {[]Sending{own(LadderEnd, machine.Fatal, 0)}, "from supervise: the end of its ladder", Certain, 0},
		"end of ladder, blocked": {[]Sending{own(LadderEnd, machine.Blocked, time.Millisecond)}, "perhaps from supervise: the end of its ladder, sent 1ms before", Possible, 0},
	} {
		var ledger Ledger
		for _, s := range test.sent {
			ledger.Sent(signals.SIGUSR2, s)
		}
		got := ledger.Explain(signals.Exit{Signal: signals.SIGUSR2}, now)
		if got.String() != test.want || got.Certainty != test.certainty || got.Entry != test.entry {
			t.Errorf("%s: %v, %v, entry %d; want %v, %v, entry %d", name, got, got.Certainty, got.Entry, test.want, test.certainty, test.entry)
		}
	}
}

// TestExplainOther has a service end otherwise than by what it was sent.
func TestExplainOther(t *testing.T) {
	var ledger Ledger
	ledger.Sent(signals.SIGUSR2, Sending{By: client, Effect: machine.Fatal})
	for name, test := range map[string]struct {
		exit signals.Exit
		want Certainty
	}{
		"exit code":      {signals.Exit{Code: 1}, NoSignal},
		"another signal": {signals.Exit{Signal: signals.SIGUSR1}, Unknown},
		"fault":          {signals.Exit{Signal: signals.SIGSEGV}, FaultOrUnknown},
		"core":           {signals.Exit{Signal: signals.SIGABRT, Core: true}, FaultOrUnknown},
	} {
		if got := ledger.Explain(test.exit, 0); got != (Verdict{Certainty: test.want}) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestKill has SIGKILL end a service long after it was sent: no handler can hold it up.
func TestKill(t *testing.T) {
	var ledger Ledger
	ledger.Sent(signals.SIGTERM, Sending{Reason: Rung, Effect: machine.Caught})
	ledger.Sent(signals.SIGKILL, Sending{By: client, Effect: machine.Fatal})
	if got := ledger.Explain(signals.Exit{Signal: signals.SIGKILL}, time.Hour); got.Certainty != Certain || got.By != client {
		t.Errorf("%+v", got)
	}
	ledger.Reset()
	if got := ledger.Explain(signals.Exit{Signal: signals.SIGKILL}, time.Hour); got.Certainty != Unknown {
		t.Errorf("the next generation: %+v", got)
	}
}

func TestLink(t *testing.T) {
	var ledger Ledger
	entry := func() uint64 { return ledger.Explain(signals.Exit{Signal: signals.SIGUSR2}, 0).Entry }
	ledger.Link(signals.SIGUSR2, 1) // nothing was sent
	ledger.Sent(signals.SIGUSR2, Sending{By: client, Effect: machine.Fatal})
	if got := entry(); got != 0 {
		t.Errorf("not linked yet: %d", got)
	}
	ledger.Link(signals.SIGUSR1, 2)
	ledger.Link(signals.SIGUSR2, 3)
	ledger.Link(signals.SIGUSR2, 4) // of one that coalesced with it
	if got := entry(); got != 3 {
		t.Errorf("linked: %d, want 3", got)
	}
}
