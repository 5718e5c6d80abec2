package supervisor

import (
	"supervise/supervisor/machine"
)

// manyEvents is how many results of one event are kept room for.
const manyEvents = 64

// dispatch hands an event to the machine and carries out what it wants, and then the same
// with what came of that, before anything else is looked at.
func (s *Supervisor) dispatch(event machine.Event) {
	s.pending.events = append(s.pending.events, event)
	for i := 0; i < len(s.pending.events); i++ {
		s.step(s.pending.events[i])
	}
	if cap(s.pending.events) > manyEvents {
		s.pending.events = nil
	}
	s.pending.events = s.pending.events[:0]
}

// result adds what came of an action.
func (s *Supervisor) result(event machine.Event) { s.pending.events = append(s.pending.events, event) }

// step takes one event. What it leads to is entered into the journal as it happens.
func (s *Supervisor) step(event machine.Event) {
	now, stopping := s.kernel.Now(), s.machine.ShuttingDown()
	actions := s.machine.Step(now, event)
	s.touchAbout(&event, s.machine.ShuttingDown() != stopping)
	if number := s.journal.Step(now, event, actions); number != 0 {
		s.logEvent(number)
	}
	for i := range actions {
		s.touch(actions[i].Service)
		s.carryOut(&actions[i])
	}
	s.spawn()
}
