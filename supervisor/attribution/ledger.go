package attribution

import (
	"slices"
	"time"

	"supervise/signals"
	"supervise/supervisor/machine"
)

// Reason is why the supervisor sent a signal.
type Reason uint8

// The reasons.
const (
	Asked     Reason = iota // somebody asked for it, or sent a signal that is forwarded
	Rung                    // a rung of the ladder by which the service is stopped
	LadderEnd               // the SIGKILL at the end of that ladder

	numReasons = iota
)

// Sending is one signal that was sent to a service.
type Sending struct {
	By     machine.Asker // with [Asked]: who asked for it, or sent it
	Reason Reason
	Effect machine.Effect // what it was predicted to do to the main process
	At     time.Duration  // when, on the clock of [Ledger.Explain]
	Entry  uint64         // number of the journal's entry about it, 0 for none
}

// Ledger remembers the signals that were sent to the main process of a service and may still
// end it: the last one of each number. The zero value is empty and ready to use.
type Ledger struct {
	sent []sent // no number twice
}

type sent struct {
	signal signals.Signal
	Sending
}

// Reset forgets everything: a new main process has been started.
func (l *Ledger) Reset() { l.sent = nil }

// Sent remembers a signal that was sent, unless it coalesces with a pending one. A signal
// without effect is not remembered, and makes Sent forget an earlier one of the same number:
// the process has survived that.
func (l *Ledger) Sent(signal signals.Signal, s Sending) {
	switch s.Effect {
	case machine.Coalesces:
	case machine.NoEffect:
		l.sent = slices.DeleteFunc(l.sent, func(s sent) bool { return s.signal == signal })
	case machine.Caught, machine.Blocked, machine.Fatal:
		if last := l.last(signal); last != nil {
			*last = s
			return
		}
		l.sent = append(l.sent, sent{signal, s})
	}
}

// Link sets the journal's entry for the last signal of a number, unless it has one: some
// entries are added after the signal was sent.
func (l *Ledger) Link(signal signals.Signal, entry uint64) {
	if last := l.last(signal); last != nil && last.Entry == 0 {
		last.Entry = entry
	}
}

// last returns the last signal of a number, nil if there is none.
func (l *Ledger) last(signal signals.Signal) *Sending {
	for i := range l.sent {
		if l.sent[i].signal == signal {
			return &l.sent[i].Sending
		}
	}
	return nil
}

// prompt is the longest time that a fatal signal, or a handler, may take to end a main
// process. An exit that comes later may be due to another sender.
const prompt = time.Second

// Explain says who ended the main process, which has just been reaped.
func (l *Ledger) Explain(exit signals.Exit, now time.Duration) Verdict {
	if exit.Signal == 0 {
		return Verdict{}
	}
	last := l.last(exit.Signal)
	if last == nil || last.handled(now) {
		return unexplained(exit)
	}
	v := Verdict{Certainty: Possible, Reason: last.Reason, By: last.By, Ago: now - last.At}
	if last.Effect == machine.Fatal && (exit.Signal == signals.SIGKILL || v.Ago <= prompt) {
		v.Certainty = Certain
	}
	if v.By.Known() { // the entry of a rung goes back to the same origin anyway
		v.Entry = last.Entry
	}
	return v
}

// handled reports whether a handler must have returned by now, so that the signal did not
// end the process. While a service is being stopped, a handler may take longer.
func (s *Sending) handled(now time.Duration) bool {
	return s.Effect == machine.Caught && s.Reason == Asked && now-s.At > prompt
}

// unexplained is the verdict on an exit that no signal in the ledger explains.
func unexplained(exit signals.Exit) Verdict {
	if exit.Core || signals.Faults.Has(exit.Signal) {
		return Verdict{Certainty: FaultOrUnknown}
	}
	return Verdict{Certainty: Unknown}
}
