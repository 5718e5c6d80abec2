package supervisor

import "supervise/supervisor/machine"

// manyEvents is the capacity up to which the queue of results is kept between events.
const manyEvents = 64

// dispatch hands an event to the machine and carries out its actions, and then does the
// same with their results, before anything else happens.
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

// result queues the result of an action, which is an event too.
func (s *Supervisor) result(event machine.Event) { s.pending.events = append(s.pending.events, event) }

// step handles one event. Its actions are entered into the journal as they are carried out.
func (s *Supervisor) step(event machine.Event) {
	now, stopping := s.kernel.Now(), s.machine.ShuttingDown()
	actions := s.machine.Step(now, event)
	s.touchAbout(&event, s.machine.ShuttingDown() != stopping)
	if number := s.journal.Step(now, event, actions); number != 0 {
		s.logEntry(number)
	}
	for i := range actions {
		s.touch(actions[i].Service)
		s.carryOut(&actions[i])
	}
	s.spawn()
}
