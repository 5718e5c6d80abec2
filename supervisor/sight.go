package supervisor

import (
	"slices"
	"strconv"

	"supervise/internal/sys"
	"supervise/supervisor/control"
	"supervise/supervisor/control/request"
	"supervise/supervisor/machine"
)

// sight is what /proc says of a main process: one file tells all.
type sight struct {
	gen   machine.Gen
	pid   int
	state sys.SignalState
	ok    bool
}

// read looks at the process. It may be called from any goroutine.
func (v *sight) read() {
	state, err := sys.ReadSignalState(strconv.Itoa(v.pid))
	v.state, v.ok = state, err == nil
}

// see looks at the main process of one service at once.
func (s *Supervisor) see(service *service) (v sight) {
	if v.pid = service.pid; v.pid != 0 {
		v.read()
	}
	return v
}

// sights are the calls for the status of services. To read a file of /proc takes longer
// than all the rest of an answer, and there is one for each service, so that a goroutine
// reads them, unless they are few, for all the calls that have come until it begins; there
// is never more than one. What it has read may be of a process that has ended in the meantime, or even of
// another one that has got its pid. The loop tells: it reaps, and until it does nobody
// else gets the pid, so that what was read of a pid that the loop still has for the same
// generation was read of that generation.
type sights struct {
	waiting []statusCall
	under   []statusCall // for which is being read
}

type statusCall struct {
	call  *control.Call
	found []*service // nil: whatever there is when it is answered
}

func (s *Supervisor) answerStatus(call *control.Call, r request.Status) {
	found, ok := s.find(call, request.Target{Services: r.Services})
	if !ok {
		return
	}
	c := statusCall{call, found}
	if s.sights.under == nil && len(c.services(s)) <= few {
		seen := s.toSee([]statusCall{c})
		for _, sight := range seen {
			sight.read()
		}
		call.Reply(c.answer(s, seen))
		return
	}
	s.sights.waiting = append(s.sights.waiting, c)
	if s.sights.under == nil {
		s.lookAround()
	}
}

// few are so many files that the loop reads them itself: one takes some 20 µs, and to have
// another thread do it, and to be woken when it has, some 80.
const few = 2

// lookAround has /proc read for the calls that wait.
func (s *Supervisor) lookAround() {
	v := &s.sights
	v.under, v.waiting = v.waiting, nil
	if v.under == nil {
		return
	}
	seen := s.toSee(v.under)
	go func() {
		for _, sight := range seen {
			sight.read()
		}
		s.mailbox.post(func() {
			for _, c := range v.under {
				c.call.Reply(c.answer(s, seen))
			}
			v.under = nil
			s.lookAround()
		})
	}()
}

// toSee is what has to be read for calls.
func (s *Supervisor) toSee(calls []statusCall) map[*service]*sight {
	seen := map[*service]*sight{}
	for _, c := range calls {
		for _, service := range c.services(s) {
			if service.pid != 0 && seen[service] == nil {
				seen[service] = &sight{gen: service.gen, pid: service.pid}
			}
		}
	}
	return seen
}

func (c statusCall) services(s *Supervisor) []*service {
	if c.found == nil {
		return s.listed()
	}
	return c.found
}

// answer is the status, with what was seen of the generations that are still there.
func (c statusCall) answer(s *Supervisor, seen map[*service]*sight) *request.Reply {
	services := c.services(s)
	reply := &request.Reply{Supervisor: s.self(), Services: make([]request.Service, len(services))}
	for i, service := range services {
		var current sight
		if v := seen[service]; v != nil && v.pid == service.pid && v.gen == service.gen {
			current = *v
		}
		reply.Services[i] = s.status(service, current)
	}
	return reply
}

// forget drops a call that waits.
func (v *sights) forget(call *control.Call) {
	v.waiting = slices.DeleteFunc(v.waiting, func(c statusCall) bool { return c.call == call })
}

// end answers what is left with what is known without /proc.
func (v *sights) end(s *Supervisor) {
	for _, c := range slices.Concat(v.under, v.waiting) {
		c.call.Reply(c.answer(s, nil))
	}
	v.waiting = nil
}
