package machine

// place is where a service stands in the graph. Nothing of it is saved: it follows from the
// configuration and from the Lifecycles.
type place struct {
	needs    []edge // what it has conditions about
	neededBy []edge // who has conditions about it

	// What its neighbours go by. Each follows from the state of the service and from what
	// those are like that it needs: see appraise.
	going   bool // it is stopped or about to be, of which its end is the only way out
	away    bool // it does not come up, or come back, until a command says so
	stalled bool // it is Waiting for one that is not on its way

	spreading, acting bool    // it is in the queue
	brought           EventID // the step in which it was last asked what it needs
}

func (s *service) linked() bool { return len(s.needs)+len(s.neededBy) > 0 }

// neighbours are the queues of services that have changed, so that others must be looked at.
type neighbours struct {
	spread []*service // whose dependents have not been appraised again
	act    []*service // whose neighbours have not been told
}

// touch says that something has changed of a service by which its neighbours go; and it itself, if an
// update has just left it without any and its turn is still to come.
func (m *Machine) touch(s *service) {
	if s.linked() || s.acting {
		m.enqueue(s)
	}
}

func (m *Machine) enqueue(s *service) {
	if !s.spreading {
		s.spreading = true
		m.neighbours.spread = append(m.neighbours.spread, s)
	}
	if !s.acting {
		s.acting = true
		m.neighbours.act = append(m.neighbours.act, s)
	}
}

// relate has the neighbours of what has changed do what that means for them, and theirs, until
// nothing changes any more. All that anybody decides because of a neighbour is decided here,
// and by what is the case, not by what has happened: it does not matter what the event was, and
// none can be missed. It comes to an end, as each service that is moved waits for an event then,
// or is at rest.
func (m *Machine) relate() {
	for i := 0; ; i++ {
		m.propagate()
		if i == len(m.neighbours.act) {
			break
		}
		s := m.neighbours.act[i]
		s.acting = false
		m.dispatch(s, Neighbour)
		for _, e := range s.needs {
			m.dispatch(e.to, Neighbour)
		}
		for _, e := range s.neededBy {
			m.dispatch(e.from, Neighbour)
		}
	}
	m.neighbours.act = m.neighbours.act[:0]
}

// propagate brings what services are like up to date, along the graph. As that has no circles,
// it ends.
func (m *Machine) propagate() {
	for i := 0; i < len(m.neighbours.spread); i++ {
		s := m.neighbours.spread[i]
		s.spreading = false
		m.appraise(s)
		for _, e := range s.neededBy {
			m.appraise(e.from)
		}
	}
	m.neighbours.spread = m.neighbours.spread[:0]
}

// appraise finds out what a service is like.
func (m *Machine) appraise(s *service) {
	going, away, stalled := s.isGoing(), s.isAway(), s.isStalled()
	if going != s.going || away != s.away || stalled != s.stalled {
		s.going, s.away, s.stalled = going, away, stalled
		m.touch(s)
	}
}
