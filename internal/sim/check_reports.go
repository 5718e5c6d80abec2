package sim

import (
	"supervise/supervisor/machine"
)

// commands is what the world knows of the commands that are under way.
type commands struct {
	asked     map[question]bool                       // those that nobody has reported on
	commanded map[machine.ServiceID]machine.EventKind // by the present update
}

// question is a command that is to be reported on exactly once.
type question struct {
	ticket  machine.Ticket
	service machine.ServiceID
}

// expectReport takes note of a command that a Report is to answer.
func (w *world) expectReport(ticket machine.Ticket, id machine.ServiceID, kind machine.EventKind) {
	if !kind.Answered() {
		return
	}
	if id != machine.NoService && w.services[id].state == machine.Removed {
		id = machine.NoService
	}
	w.asked[question{ticket, id}] = true
}

// start takes note that somebody wants a service started, or started again.
func (w *world) start(id machine.ServiceID, kind machine.EventKind, once bool) {
	s := w.services[id]
	s.manual, s.once = true, once
	s.cycles = s.cycles || kind == machine.Restart && s.state == machine.Running && w.twin.View(id).Wanted != machine.Absent
	s.last = kind == machine.Start && (s.state == machine.Starting || s.state == machine.Running) && !w.isHeld(s)
}

// checkCommanded takes note of what a rule or an update commands.
func (w *world) checkCommanded(a *machine.Action) {
	id, kind := a.Service, a.Note.Event
	if w.commanded != nil {
		w.commanded[id] = kind
	}
	w.expectReport(a.Cause, id, kind)
	if kind == machine.Remove || kind == machine.Stop {
		w.services[id].cycles = false
	}
	if (kind == machine.Start || kind == machine.Restart) && w.shutdown == never && w.twin.View(id).Wanted != machine.Absent {
		w.start(id, kind, false)
	}
}

// checkReport finds what is reported twice, or to nobody.
func (w *world) checkReport(a *machine.Action) {
	q := question{a.Ticket, a.Service}
	if !w.asked[q] {
		w.fail(w.of(a.Service), "%s, which nobody waits for", a.Text("it"))
	}
	delete(w.asked, q)
	if a.Note.Kind == machine.Held {
		w.services[a.Service].heldAt = w.steps
	}
}

// checkAnswered finds what has not been reported on, although all that the machine wanted to
// know has been said.
func (w *world) checkAnswered() {
	if len(w.asked) > 0 && w.err == nil {
		w.fail(nil, "no report on %v", w.asked)
	}
}
