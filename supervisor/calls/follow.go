package calls

import (
	"slices"
	"sync"

	"supervise/supervisor/control/request"
	"supervise/supervisor/logs"
)

// follower is a call that gets every event.
type follower struct {
	call     Call
	services []string // none: of all
}

// reader is a call that gets every line of some services.
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

// tellEvents sends the new events of the journal to the calls that follow, and keeps them for
// those that wait.
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
		if some := wanted(events, f.wants); len(some) > 0 {
			f.call.Tell(&request.Reply{Events: some})
		}
	}
	for _, w := range p.waits {
		if !w.condition.answersStatus() {
			w.events = append(w.events, wanted(events, w.wants)...)
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

// wanted are the events that a call wants: often all of them.
func wanted(events []request.Event, wants func(*request.Event) bool) (some []request.Event) {
	some = events
	for i := range events {
		if !wants(&events[i]) {
			some = slices.Clone(events[:i])
			break
		}
	}
	for i := len(some) + 1; i < len(events); i++ {
		if wants(&events[i]) {
			some = append(some, events[i])
		}
	}
	return some
}

// Lines answers with the last lines of services. A call that follows gets all later ones,
// too. The request must name the services, each once; they must exist, and must not write to
// the supervisor's own output.
func (p *Pending) Lines(call Call, r request.Logs) {
	n := r.Lines
	if n == 0 {
		n = logs.MaxLines
	}
	names := request.Names(r)
	if !r.Follow {
		var all []request.Line
		for _, name := range names {
			last, _ := p.logs.Last(name, n)
			all = append(all, lines(name, last)...)
		}
		call.Reply(&request.Reply{Lines: byTime(all)})
		return
	}
	if call.Gone() {
		return
	}
	told := &merged{call: call}
	stops := make([]func(), len(names))
	for i, name := range names {
		stops[i] = p.logs.Follow(name, n, func(all []logs.Line) { told.add(lines(name, all)) })
	}
	told.begin()
	p.readers = append(p.readers, reader{call, func() {
		for _, stop := range stops {
			stop()
		}
	}})
}

// merged is what a call is told of several services, of which each is read on a goroutine of
// its own.
type merged struct {
	call  Call
	mu    sync.Mutex
	early []request.Line // what came before begin
	begun bool
}

func (m *merged) add(lines []request.Line) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.begun {
		m.call.Tell(&request.Reply{Lines: lines})
	} else {
		m.early = append(m.early, lines...)
	}
}

// begin tells what was written before, in its order, and has the rest told as it comes.
func (m *merged) begin() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.early) > 0 {
		m.call.Tell(&request.Reply{Lines: byTime(m.early)})
	}
	m.begun, m.early = true, nil
}

// byTime sorts lines of several services. Those of one stay in their order.
func byTime(lines []request.Line) []request.Line {
	slices.SortStableFunc(lines, func(a, b request.Line) int { return a.Time.Compare(b.Time) })
	return lines
}

func lines(service string, all []logs.Line) []request.Line {
	out := make([]request.Line, len(all))
	for i, l := range all {
		out[i] = request.Line{Time: l.Time, Service: service, Stream: l.Stream, Text: l.Text}
	}
	return out
}
