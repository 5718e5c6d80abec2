package calls

import (
	"slices"

	"supervise/supervisor/control/request"
	"supervise/supervisor/logs"
)

// follower is a call that gets every event.
type follower struct {
	call     Call
	services []string // none: of all
}

// reader is a call that gets every line of a service.
type reader struct {
	call Call
	stop func()
}

// Events answers with the last events. A call that follows gets all later ones, too.
func (p *Pending) Events(call Call, r request.Events) {
	if _, ok := p.Find(call, request.Target{Services: r.Services}); !ok {
		return
	}
	if !r.Follow {
		call.Reply(&request.Reply{Events: p.journal.Last(r.Services, r.Limit)})
		return
	}
	if call.Gone() {
		return
	}
	p.tellEvents() // or this call would get the new ones twice
	call.Tell(&request.Reply{Events: p.journal.Last(r.Services, r.Limit)})
	p.followers = append(p.followers, follower{call, r.Services})
}

// tellEvents sends the new events of the journal to the calls that want them.
func (p *Pending) tellEvents() {
	from, to := p.published, p.journal.Next()
	p.published = to
	if from == to || len(p.followers)+len(p.waits) == 0 {
		return
	}
	events := make([]request.Event, 0, to-from)
	for id := from; id < to; id++ {
		if e, ok := p.journal.Event(id); ok {
			events = append(events, e)
		}
	}
	for _, f := range p.followers {
		tellSome(f.call, events, f.wants)
	}
	for _, w := range p.waits {
		if !w.condition.answersStatus() {
			tellSome(w.call, events, w.wants)
		}
	}
}

func (f follower) wants(e *request.Event) bool {
	return len(f.services) == 0 || e.Service == "" || slices.Contains(f.services, e.Service)
}

// wants reports whether an event is about a service whose outcome is not known yet.
func (w *Wait) wants(e *request.Event) bool {
	return slices.ContainsFunc(w.targets, func(t target) bool {
		return !t.done && w.services.Name(t.service) == e.Service
	})
}

// tellSome tells a call the events that it wants: often all of them.
func tellSome(call Call, events []request.Event, wanted func(*request.Event) bool) {
	some := events
	for i := range events {
		if !wanted(&events[i]) {
			some = slices.Clone(events[:i])
			break
		}
	}
	for i := len(some) + 1; i < len(events); i++ {
		if wanted(&events[i]) {
			some = append(some, events[i])
		}
	}
	if len(some) > 0 {
		call.Tell(&request.Reply{Events: some})
	}
}

// Lines answers with the last lines of a service. A call that follows gets all later ones,
// too. The service must exist, and must not write to the supervisor's own output.
func (p *Pending) Lines(call Call, r request.Logs) {
	n := r.Lines
	if n == 0 {
		n = logs.MaxLines
	}
	if !r.Follow {
		last, _ := p.logs.Last(r.Service, n)
		call.Reply(&request.Reply{Lines: lines(r.Service, last)})
		return
	}
	if call.Gone() {
		return
	}
	stop := p.logs.Follow(r.Service, n, func(all []logs.Line) {
		call.Tell(&request.Reply{Lines: lines(r.Service, all)})
	})
	p.readers = append(p.readers, reader{call, stop})
}

func lines(service string, all []logs.Line) []request.Line {
	out := make([]request.Line, len(all))
	for i, l := range all {
		out[i] = request.Line{Time: l.Time, Service: service, Stream: l.Stream, Text: l.Text}
	}
	return out
}
