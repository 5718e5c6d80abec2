package calls

import (
	"strconv"
	"time"

	"supervise/supervisor/control/request"
	"supervise/supervisor/machine"
	"supervise/supervisor/status"
)

// PromptTime is how long a call waits for the outcome of a command that neither starts nor
// stops a service: for the effect of a signal to show in /proc.
const PromptTime = 2 * time.Second

// Wait is a call that waits for a condition, the same for all of its services.
type Wait struct {
	services  Services
	call      Call
	condition Condition
	targets   []target
	events    []request.Event // about them, that are still to be told
	limited   bool            // there is a deadline
	deadline  time.Duration   // on the clock of Publish's now
}

// target is one service of a Wait.
type target struct {
	service machine.ServiceID
	ticket  machine.Ticket
	before  machine.View

	upAt    time.Duration // it runs, and is up then if it still does; 0 if it does not run
	sent    bool          // a Report has come: sent to count processes
	count   int
	became  *request.Outcome // what the process did with a signal, if that is known
	done    bool             // outcome is final
	outcome request.Outcome
}

// Await keeps a command until its outcomes are known, which are its answer. Until then it
// gets the events about its services; the last ones come with the outcomes.
func (p *Pending) Await(call Call, condition Condition, now time.Duration) *Wait {
	w := &Wait{services: p.services, call: call, condition: condition}
	if condition.prompt() {
		w.limited, w.deadline = true, now+PromptTime
	}
	p.add(w)
	return w
}

// Add adds a service, before its event is dispatched. ticket is the number that this event
// will have.
func (w *Wait) Add(service machine.ServiceID, ticket machine.Ticket) {
	w.targets = append(w.targets, target{service: service, ticket: ticket, before: w.services.View(service)})
}

// WaitFor answers with the status of a service once a condition is met.
func (p *Pending) WaitFor(call Call, r request.Wait, now time.Duration) {
	service, ok := p.FindOne(call, r.Service)
	if !ok {
		return
	}
	condition, ok := conditionFor(r.For)
	if !ok {
		fail(call, request.Usage, "cannot wait for "+strconv.Quote(string(r.For)))
		return
	}
	w := &Wait{services: p.services, call: call, condition: condition}
	if r.Timeout > 0 {
		w.limited, w.deadline = true, now+r.Timeout
	}
	w.Add(service, 0)
	p.add(w)
}

// add keeps a call, unless its client has gone: Drop may have been called already.
func (p *Pending) add(w *Wait) {
	if !w.call.Gone() {
		p.waits = append(p.waits, w)
	}
}

// settle answers a call whose outcomes are all known, or whose time is up, and reports
// whether it has.
func (p *Pending) settle(w *Wait, now time.Duration) bool {
	var open *target
	for i := range w.targets {
		t := &w.targets[i]
		if !t.done {
			t.outcome, t.done = p.check(w.condition, t, now)
		}
		if !t.done && open == nil {
			open = t
		}
	}
	switch {
	case open == nil:
		p.answer(w)
	case w.limited && w.deadline <= now:
		p.giveUp(w, open)
	default:
		if len(w.events) > 0 {
			w.call.Tell(&request.Reply{Events: w.events})
			w.events = nil
		}
		return false
	}
	return true
}

// answer gives the last answer to a call whose outcomes are all known.
func (p *Pending) answer(w *Wait) {
	if !w.condition.answersStatus() {
		w.call.Reply(&request.Reply{Events: w.events, Outcomes: p.outcomes(w)})
		return
	}
	service := p.services.Status(w.targets[0].service)
	reply := &request.Reply{Services: []status.Service{service}}
	if o := w.targets[0].outcome; !o.OK {
		reply.Error = &request.Failure{Code: request.Failed, Text: "service " + strconv.Quote(service.Name) + " " + o.Text}
	}
	w.call.Reply(reply)
}

// giveUp answers a call whose time is up, with the status of a service that it waited for.
func (p *Pending) giveUp(w *Wait, open *target) {
	service := p.services.Status(open.service)
	w.call.Reply(&request.Reply{
		Error: &request.Failure{
			Code: request.TimedOut,
			Text: "timed out: service " + strconv.Quote(service.Name) + " is still " + service.DisplayState(),
		},
		Events:   w.events,
		Services: []status.Service{service},
		Outcomes: p.outcomes(w),
	})
}

// outcomes are those of a command. An unknown one says what state the service is in.
func (p *Pending) outcomes(w *Wait) []request.Outcome {
	if w.condition.answersStatus() {
		return nil
	}
	all := make([]request.Outcome, len(w.targets))
	for i := range w.targets {
		t := &w.targets[i]
		if all[i] = t.outcome; !t.done {
			state := p.services.View(t.service).State.String()
			all[i] = request.Outcome{Result: state, Text: "is still " + state}
		}
		all[i].Service = p.services.Name(t.service)
	}
	return all
}
