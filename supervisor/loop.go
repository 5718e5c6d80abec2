package supervisor

import (
	"time"

	"supervise/internal/sys"
	"supervise/signals/intake"
	"supervise/supervisor/machine"
)

// loop runs until the machine says that everything is down.
func (s *Supervisor) loop() {
	s.dispatch(machine.Event{Kind: machine.Boot})
	s.serviceFIFOs()
	settle()
	for !s.finished {
		timeout := s.timeout()
		s.work(false)
		info, ok := s.in.Wait(timeout)
		s.work(true)
		if ok {
			s.senders.arrived(info, s.now())
			if !s.obey(info) {
				s.dispatch(machine.Event{Kind: machine.Signal, Info: info})
			}
		} else {
			s.reap()
			for _, work := range s.mailbox.take() {
				work()
			}
			s.serve()
		}
		s.expire()
		s.publish()
	}
}

func (s *Supervisor) now() time.Duration { return time.Since(s.began) }

// timeout is how long to wait for something to happen, in nanoseconds.
func (s *Supervisor) timeout() int64 {
	deadline, ok := s.machine.Deadline()
	if patience, some := s.patience(); some && (!ok || patience < deadline) {
		deadline, ok = patience, true
	}
	if !ok {
		return intake.Forever
	}
	return max(0, int64(deadline-s.now()))
}

func (s *Supervisor) expire() {
	if deadline, ok := s.machine.Deadline(); ok && deadline <= s.now() {
		s.dispatch(machine.Event{Kind: machine.Tick})
		// Where it could not be told whether something is left, it may be possible now.
		s.lookForSurvivors()
	}
}

// manyEvents is how many results of one event are kept room for.
const manyEvents = 64

// dispatch hands an event to the machine and carries out what it wants, and then the same
// with what came of that, before anything else is looked at.
func (s *Supervisor) dispatch(event machine.Event) {
	s.events = append(s.events, event)
	for i := 0; i < len(s.events); i++ {
		actions, first := s.machine.Step(s.now(), s.events[i]), s.journal.Next()
		s.touch(s.events[i].Service)
		if len(actions) > 0 {
			s.recordEvent(s.events[i])
		}
		for _, action := range actions {
			s.touch(action.Service)
			s.carryOut(action)
		}
		s.turn(first)
		s.spawn()
	}
	if cap(s.events) > manyEvents {
		s.events = nil
	}
	s.events = s.events[:0]
}

// result adds what came of an action.
func (s *Supervisor) result(event machine.Event) { s.events = append(s.events, event) }

// maxReaps is how many children are reaped before other things are looked at: where
// somebody makes orphans without end, deadlines still count.
const maxReaps = 512

// reap takes children that have ended out of the kernel: SIGCHLD says no more than that
// there may be some.
func (s *Supervisor) reap() {
	reaped := 0
	for ; reaped < maxReaps; reaped++ {
		child, ok, _ := sys.Reap()
		if !ok {
			break
		}
		service := s.leaders[child.PID]
		if service == nil {
			if !s.hookEnded(child.PID, child.Exit) {
				s.orphaned(child)
			}
			continue
		}
		delete(s.leaders, child.PID)
		service.pid, service.last = 0, child.PID
		s.drain(service)
		survivors := !s.empty(service)
		if survivors {
			s.clearing[service] = struct{}{}
		}
		s.dispatch(machine.Event{
			Kind: machine.Exited, Service: service.id, Gen: service.gen, Exit: child.Exit, Survivors: survivors,
		})
	}
	if reaped == maxReaps {
		s.in.Wake()
	}
	if reaped > 0 {
		s.lookForSurvivors()
		s.tellOrphans()
	}
}

// lookForSurvivors asks for the services whose leader is gone whether the rest is too. The
// last of it cannot go without being reaped here: orphans are our children.
func (s *Supervisor) lookForSurvivors() {
	for service := range s.clearing {
		if s.empty(service) {
			delete(s.clearing, service)
			s.dispatch(machine.Event{Kind: machine.Emptied, Service: service.id, Gen: service.gen})
		}
	}
}

func (s *Supervisor) empty(service *service) bool {
	empty, err := service.tree.Empty()
	if err != nil {
		s.log.Error().Err(err).Str(serviceField, service.name()).Msg("cannot tell whether anything of it is left")
		return false // two copies must never run
	}
	return empty
}
