package supervisor

import (
	"slices"
	"time"

	"supervise/supervisor/control"
	"supervise/supervisor/control/request"
	"supervise/supervisor/machine"
)

// waiter is a call that waits for services to become what it asked for.
type waiter struct {
	call     *control.Call
	goals    []goal
	deadline time.Duration // on the machine's clock, 0 for none
	wait     bool          // answered with the service, not with outcomes
}

// goal is what is waited for of one service.
type goal struct {
	service *service
	reached func(*Supervisor, *service) (request.Outcome, bool)
	outcome request.Outcome
	done    bool
}

// follower is a call that is told every event.
type follower struct {
	call     *control.Call
	services []string // none: of all
}

// reader is a call that is told every line of a service.
type reader struct {
	call *control.Call
	stop func()
}

// publish tells those who wait and follow what has happened.
func (s *Supervisor) publish() {
	s.show()
	from, to := s.published, s.journal.Next()
	s.published = to
	if from < to && len(s.followers)+len(s.waiters) > 0 {
		s.tellFollowers(from, to)
	}
	s.waiters = slices.DeleteFunc(s.waiters, s.settled)
}

func (s *Supervisor) tellFollowers(from, to uint64) {
	var events []request.Event
	for id := from; id < to; id++ {
		if e, ok := s.journal.Event(id); ok {
			events = append(events, e)
		}
	}
	for _, f := range s.followers {
		tellSome(f.call, events, func(e request.Event) bool {
			return len(f.services) == 0 || e.Service == "" || slices.Contains(f.services, e.Service)
		})
	}
	for i := range s.waiters {
		w := &s.waiters[i]
		tellSome(w.call, events, func(e request.Event) bool {
			return !w.wait && slices.ContainsFunc(w.goals, func(g goal) bool { return !g.done && g.service.name() == e.Service })
		})
	}
}

func tellSome(call *control.Call, events []request.Event, wanted func(request.Event) bool) {
	var some []request.Event
	for _, e := range events {
		if wanted(e) {
			some = append(some, e)
		}
	}
	if some != nil {
		call.Tell(&request.Reply{Events: some})
	}
}

// settled answers a call once all that it waits for is there, or its time is over.
func (s *Supervisor) settled(w waiter) bool {
	open := 0
	for i := range w.goals {
		g := &w.goals[i]
		if !g.done {
			g.outcome, g.done = g.reached(s, g.service)
		}
		if !g.done {
			open++
		}
	}
	switch {
	case w.call.Gone():
	case open == 0 && w.wait:
		s.answerWaited(w)
	case open == 0:
		w.call.Reply(&request.Reply{Outcomes: outcomes(w.goals)})
	case w.deadline != 0 && w.deadline <= s.now():
		service := w.goals[0].service
		status := s.status(service)
		w.call.Reply(&request.Reply{
			Error:    &request.Failure{Code: request.TimedOut, Text: "the time is over, and service " + service.name() + " is " + status.State},
			Services: []request.Service{status},
		})
	default:
		return false
	}
	return true
}

func (s *Supervisor) answerWaited(w waiter) {
	g := w.goals[0]
	reply := &request.Reply{Services: []request.Service{s.status(g.service)}}
	if !g.outcome.OK {
		reply.Error = &request.Failure{Code: request.Failed, Text: "service " + g.service.name() + " " + g.outcome.Text}
	}
	w.call.Reply(reply)
}

func outcomes(goals []goal) []request.Outcome {
	all := make([]request.Outcome, len(goals))
	for i, g := range goals {
		all[i] = g.outcome
		all[i].Service = g.service.name()
	}
	return all
}

// forget drops a call whose answer nobody will read.
func (s *Supervisor) forget(call *control.Call) {
	s.waiters = slices.DeleteFunc(s.waiters, func(w waiter) bool { return w.call == call })
	s.followers = slices.DeleteFunc(s.followers, func(f follower) bool { return f.call == call })
	s.readers = slices.DeleteFunc(s.readers, func(r reader) bool {
		if r.call == call {
			r.stop()
		}
		return r.call == call
	})
}

// endCalls answers everyone who still waits: there will be nothing more.
func (s *Supervisor) endCalls() {
	s.publish()
	for _, w := range s.waiters {
		w.call.Reply(&request.Reply{
			Error:    &request.Failure{Code: request.Refused, Text: "supervise ends"},
			Outcomes: outcomes(w.goals),
		})
	}
	for _, f := range s.followers {
		f.call.Reply(&request.Reply{})
	}
	for _, r := range s.readers {
		r.stop()
		r.call.Reply(&request.Reply{})
	}
	s.waiters, s.followers, s.readers = nil, nil, nil
}

// patience is when the first of those who wait gives up, false when nobody will.
func (s *Supervisor) patience() (at time.Duration, ok bool) {
	for _, w := range s.waiters {
		if w.deadline != 0 && (!ok || w.deadline < at) {
			at, ok = w.deadline, true
		}
	}
	return at, ok
}

func (s *Supervisor) answerWait(call *control.Call, r request.Wait) {
	service, ok := s.findOne(call, r.Service)
	if !ok {
		return
	}
	w := waiter{call: call, wait: true, goals: []goal{{service: service}}}
	switch r.For {
	case request.Down:
		w.goals[0].reached = isDown
	case request.Up:
		w.goals[0].reached = isUp
	case request.Ready:
		w.goals[0].reached = isReady
	}
	if r.Timeout > 0 {
		w.deadline = s.now() + r.Timeout
	}
	s.waiters = append(s.waiters, w)
}

// isDown waits until nothing of a service is left and nothing will be.
func isDown(s *Supervisor, service *service) (request.Outcome, bool) {
	switch s.machine.View(service.id).State {
	case machine.Stopped, machine.Failed, machine.Removed:
		return request.Outcome{OK: true, Result: "down", Text: "is down"}, true
	}
	return request.Outcome{}, false
}

// isReady waits until its main process runs and is not paused, whoever paused it. Services
// do not say more of themselves as yet. Our children's going on comes with a SIGCHLD, as
// their end does, so that it is looked for again then.
func isReady(s *Supervisor, service *service) (request.Outcome, bool) {
	outcome, up := isUp(s, service)
	if state, ok := see(service); up && ok && state.Stopped {
		return request.Outcome{}, false
	}
	return outcome, up
}

// isUp waits until its main process runs.
func isUp(s *Supervisor, service *service) (request.Outcome, bool) {
	if s.machine.View(service.id).State == machine.Running {
		return request.Outcome{OK: true, Result: "up", Text: "is up"}, true
	}
	return request.Outcome{}, false
}
