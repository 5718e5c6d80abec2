package calls

import (
	"slices"
	"time"

	"supervise/supervisor/control/request"
	"supervise/supervisor/logs"
	"supervise/supervisor/machine"
	"supervise/supervisor/status"
)

// Call is one request of a client, and the way back to it. A [*control.Call] is one. Its
// methods do not wait.
type Call interface {
	// Tell gives one answer of several. It may be called on any goroutine.
	Tell(*request.Reply)
	// Reply gives the last answer, or the only one.
	Reply(*request.Reply)
	// Gone reports whether nobody reads the answers any more.
	Gone() bool
}

// Services is what the package asks about services. Ids of removed ones are valid.
type Services interface {
	// Find returns the service with a name, and false if there is none.
	Find(name string) (machine.ServiceID, bool)
	// All returns the current ones, in the order in which they are listed.
	All() []machine.ServiceID
	Name(machine.ServiceID) string
	View(machine.ServiceID) machine.View
	// Status is the status that clients get, with what /proc says now.
	Status(machine.ServiceID) status.Service
	// Paused reports whether a command has paused it.
	Paused(machine.ServiceID) bool
	// Stopped reports whether its main process is stopped by a signal, whoever sent that,
	// going by /proc.
	Stopped(machine.ServiceID) bool
	// LastOutcome says how its last main process ended, or why it could not be started, and
	// what followed: "exited with code 3 after 12ms; restarts in 1s, ...".
	LastOutcome(machine.ServiceID) string
	// LastLines are the last lines that its last main process wrote, once that has ended;
	// read is false while they are still being read.
	LastLines(machine.ServiceID) (lines []string, read bool)
	// UpAfter is how long its main process must have run before it is said to be up.
	UpAfter(machine.ServiceID) time.Duration
}

// Journal is where the events are read. A [*journal.Journal] is one.
type Journal interface {
	// Next is the number that the next event will have.
	Next() uint64
	// Event returns an event by its number, and false if it is forgotten.
	Event(id uint64) (request.Event, bool)
	// Last returns the last limit events about these services, or about none in
	// particular, the oldest first. No services means all of them, 0 means no limit.
	Last(services []string, limit int) []request.Event
}

// Logs is where the lines of services are read. A [*logs.Logs] is one.
type Logs interface {
	Last(service string, n int) ([]logs.Line, bool)
	// Follow calls f, on any goroutine, until stop returns.
	Follow(service string, n int, f func([]logs.Line)) (stop func())
}

// Pending is the calls that are not answered yet.
type Pending struct {
	services Services
	journal  Journal
	logs     Logs

	waits     []*Wait
	followers []follower
	readers   []reader
	published uint64 // number of the first event that followers have not been told
}

// New returns an empty set. Followers get the events that come after this.
func New(services Services, journal Journal, logs Logs) *Pending {
	return &Pending{services: services, journal: journal, logs: logs, published: journal.Next()}
}

// Find returns the services that a target names. If one does not exist it answers the call,
// and returns false.
func (p *Pending) Find(call Call, target request.Target) (found []machine.ServiceID, ok bool) {
	if target.All {
		return p.services.All(), true
	}
	var unknown []string
	for _, name := range target.Services {
		if id, ok := p.services.Find(name); ok {
			found = append(found, id)
		} else {
			unknown = append(unknown, name)
		}
	}
	if unknown != nil {
		call.Reply(&request.Reply{Error: request.NoService(unknown)})
		return nil, false
	}
	return found, true
}

// FindOne is [Pending.Find] for one service.
func (p *Pending) FindOne(call Call, name string) (machine.ServiceID, bool) {
	found, ok := p.Find(call, request.Target{Services: []string{name}})
	if !ok {
		return machine.NoService, false
	}
	return found[0], true
}

// Publish sends clients what has happened since the last call of it, and answers those whose
// condition is met or whose time is up.
func (p *Pending) Publish(now time.Duration) {
	p.tellEvents()
	p.waits = slices.DeleteFunc(p.waits, func(w *Wait) bool { return p.settle(w, now) })
}

// NextTimeout is when the next call times out, or a service will have run for long enough to
// be up; it is false if neither will be.
func (p *Pending) NextTimeout() (at time.Duration, ok bool) {
	for _, w := range p.waits {
		if w.limited && (!ok || w.deadline < at) {
			at, ok = w.deadline, true
		}
		for i := range w.targets {
			if t := &w.targets[i]; !t.done && t.upAt != 0 && (!ok || t.upAt < at) {
				at, ok = t.upAt, true
			}
		}
	}
	return at, ok
}

// Drop forgets a call whose client has gone. If it is not pending, Drop does nothing.
func (p *Pending) Drop(call Call) {
	p.waits = slices.DeleteFunc(p.waits, func(w *Wait) bool { return w.call == call })
	p.followers = slices.DeleteFunc(p.followers, func(f follower) bool { return f.call == call })
	p.readers = slices.DeleteFunc(p.readers, func(r reader) bool {
		if r.call == call {
			r.stop()
		}
		return r.call == call
	})
}

// End publishes for the last time, and then answers all calls: nothing more will happen.
func (p *Pending) End(now time.Duration) {
	p.Publish(now)
	for _, w := range p.waits {
		w.call.Reply(&request.Reply{
			Error:    &request.Failure{Code: request.Refused, Text: "supervise exits"},
			Outcomes: p.outcomes(w),
		})
	}
	for _, f := range p.followers {
		f.call.Reply(&request.Reply{})
	}
	for _, r := range p.readers {
		r.stop()
		r.call.Reply(&request.Reply{})
	}
	p.waits, p.followers, p.readers = nil, nil, nil
}

func fail(call Call, code request.Code, text string) {
	call.Reply(&request.Reply{Error: &request.Failure{Code: code, Text: text}})
}
