package calls

import (
	"strconv"
	"time"

	"supervise/supervisor/control/request"
	"supervise/supervisor/machine"
	"supervise/supervisor/status"
)

// PromptTime is how long the outcome of a command may take that waits for no service to end
// or to start: for what is sent to show in /proc.
const PromptTime = 2 * time.Second

// Wait is a call that waits for the same condition of some services.
type Wait struct {
	services  Services
	call      Call
	condition Condition
	targets   []target
	limited   bool          // it waits until deadline, and no longer
	deadline  time.Duration // on the clock of Publish's now
}

// target is one service of a Wait.
type target struct {
	service machine.ServiceID
	ticket  machine.Ticket
	before  machine.View

	sent    bool             // Report has come: to so many processes
	count   int              //
	became  *request.Outcome // what came of a delivery, if that is known
	done    bool             // with this outcome:
	outcome request.Outcome
}

// Await has a command wait for its outcomes, which are its answer. Events about services
// whose outcome is open are told on the way.
func (p *Pending) Await(call Call, condition Condition, now time.Duration) *Wait {
	w := &Wait{services: p.services, call: call, condition: condition}
	if condition.prompt() {
		w.limited, w.deadline = true, now+PromptTime
	}
	p.add(w)
	return w
}

// Add has it wait for one more service, as it is now. ticket is the number of the event that
// is dispatched next, which asks for the condition.
func (w *Wait) Add(service machine.ServiceID, ticket machine.Ticket) {
	w.targets = append(w.targets, target{service: service, ticket: ticket, before: w.services.View(service)})
}

// WaitFor answers with the status of a service when it is as asked for.
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

// add keeps a call, unless its client has gone: what dropped it may have come before it.
func (p *Pending) add(w *Wait) {
	if !w.call.Gone() {
		p.waits = append(p.waits, w)
	}
}

// settle answers a call if it waits for nothing more, or no longer, and reports whether it
// has.
func (p *Pending) settle(w *Wait, now time.Duration) bool {
	var open *target
	for i := range w.targets {
		t := &w.targets[i]
		if !t.done {
			t.outcome, t.done = p.check(w.condition, t)
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
		return false
	}
	return true
}

// answer is the last word to a call whose conditions are met, or cannot be any more.
func (p *Pending) answer(w *Wait) {
	if !w.condition.answersStatus() {
		w.call.Reply(&request.Reply{Outcomes: p.outcomes(w)})
		return
	}
	service := p.services.Status(w.targets[0].service)
	reply := &request.Reply{Services: []status.Service{service}}
	if o := w.targets[0].outcome; !o.OK {
		reply.Error = &request.Failure{Code: request.Failed, Text: "service " + strconv.Quote(service.Name) + " " + o.Text}
	}
	w.call.Reply(reply)
}

// giveUp answers a call whose time is over, with how a service is that it waited for.
func (p *Pending) giveUp(w *Wait, open *target) {
	service := p.services.Status(open.service)
	w.call.Reply(&request.Reply{
		Error: &request.Failure{
			Code: request.TimedOut,
			Text: "timed out: service " + strconv.Quote(service.Name) + " is still " + service.DisplayState(),
		},
		Services: []status.Service{service},
		Outcomes: p.outcomes(w),
	})
}

// outcomes are those of a command. Where one is open it is how the service is.
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
