package calls

import (
	"strconv"

	"supervise/config"
	"supervise/supervisor/control/request"
	"supervise/supervisor/machine"
)

// Report takes the result of the command with a ticket, from an action [machine.Report].
// There need not be a call that waits for it.
func (p *Pending) Report(service machine.ServiceID, ticket machine.Ticket, note machine.Note) {
	w, t := p.waiting(service, ticket)
	if t == nil {
		return
	}
	if note.Kind == machine.SentToMany && w.condition != Reported {
		t.sent, t.count = true, note.Count
		return
	}
	t.outcome, t.done = Outcome(note), true
	if note.Kind == machine.Delivered && t.became != nil {
		t.outcome = *t.became
	}
}

// Delivered says what the main process did with a signal that was delivered to it. It comes
// before the Report, and is needed only for a signal that a call expects: [Pending.Expects].
func (p *Pending) Delivered(service machine.ServiceID, ticket machine.Ticket, became request.Outcome) {
	if _, t := p.waiting(service, ticket); t != nil {
		t.became = &became
	}
}

// Expects reports whether a call waits for the result of the command with a ticket.
func (p *Pending) Expects(service machine.ServiceID, ticket machine.Ticket) bool {
	_, t := p.waiting(service, ticket)
	return t != nil
}

// waiting returns the call that waits for a report, nil if none does.
func (p *Pending) waiting(service machine.ServiceID, ticket machine.Ticket) (*Wait, *target) {
	for _, w := range p.waits {
		if !w.condition.prompt() {
			continue
		}
		for i := range w.targets {
			if t := &w.targets[i]; t.service == service && t.ticket == ticket && !t.done && !t.sent {
				return w, t
			}
		}
	}
	return nil, nil
}

// Outcome translates the note of a [machine.Report] for clients.
func Outcome(note machine.Note) request.Outcome {
	done := func(result, text string) request.Outcome {
		return request.Outcome{OK: true, Result: result, Text: text}
	}
	switch {
	case note.Kind == machine.Delivered:
		return done("delivered", "delivered")
	case note.Kind == machine.Held:
		return done("held", "held in the queue, where "+strconv.Itoa(note.Count)+" wait for it")
	case note.Kind == machine.Coalesced:
		return done("coalesced", "one is held for it already: the two are one")
	case note.Kind == machine.SentToMany && note.Scope == config.Group:
		return done("delivered", "sent to its process group")
	case note.Kind == machine.SentToMany:
		return done("delivered", "sent to "+processes(note.Count))
	case note.Kind == machine.Dropped:
		return refused("lost: " + note.Why.String())
	case note.Kind == machine.RefusedCommand:
		return refusal(note)
	}
	return request.Outcome{Result: "failed", Text: note.String()}
}

func refusal(note machine.Note) request.Outcome {
	switch {
	case note.Why == machine.NotRunning:
		return request.Outcome{Result: "down", Text: "does not run"}
	case note.Reason != "":
		return refused(note.Reason)
	case note.Why == machine.WouldEnd:
		return refused("does not catch " + note.Info.Signal.String() + " and would end by it: set `reload` in its configuration, or restart it")
	case note.Why == machine.NotSent:
		return refused("none of its processes could be sent " + note.Info.Signal.String())
	}
	return refused(note.Why.String())
}

func refused(text string) request.Outcome { return request.Outcome{Result: "refused", Text: text} }
