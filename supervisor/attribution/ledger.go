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
	Asked     Reason = iota // somebody asked for it, or sent it to be forwarded
	Rung                    // a rung of the ladder by which the service is stopped
	LadderEnd               // the SIGKILL at the end of that ladder

	numReasons = iota
)

// Sending is one signal that was sent to a service.
type Sending struct {
	By     machine.Asker  // of [Asked]: who asked for it, or sent it
	Reason Reason         // why it was sent
	Effect machine.Effect // what it could do to the main process just before
	At     time.Duration  // when, on the clock of [Ledger.Explain]
	Entry  uint64         // the journal's entry about it, 0 for none
}

// Ledger remembers the signals that one generation of a service was sent and may yet end
// by: the last one of each number. The zero value is empty and ready to use.
type Ledger struct {
	sent []sent // no number twice
}

type sent struct {
	signal signals.Signal
	Sending
}

// Reset forgets everything: a new generation has been started.
func (l *Ledger) Reset() { l.sent = nil }

// Sent remembers a signal that the kernel has taken, unless it coalesces with a pending
// one. One without effect is not remembered either, and neither is an earlier one of its
// number any longer: the process has survived that.
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

// Link sets the journal's entry of the last signal of a number, unless it has one: the entry
// is often written after the signal was sent.
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

// prompt is how soon after a fatal signal a main process must be gone, and how long a handler
// may be at work. An end that comes later may be due to another sender.
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
	if v.By.Known() { // a rung of a ladder is part of the same matter as the end
		v.Entry = last.Entry
	}
	return v
}

// handled reports whether a handler must have dealt with the signal by now and kept the
// process alive. While a service is being stopped a handler may take its time.
func (s *Sending) handled(now time.Duration) bool {
	return s.Effect == machine.Caught && s.Reason == Asked && now-s.At > prompt
}

// unexplained is the verdict on an end that nothing in the ledger accounts for.
func unexplained(exit signals.Exit) Verdict {
	if exit.Core || signals.Faults.Has(exit.Signal) {
		return Verdict{Certainty: FaultOrUnknown}
	}
	return Verdict{Certainty: Unknown}
}
