package machine

import "supervise/config"

// begin starts a service as soon as it may be. It is for one that has no processes any more, and
// of which nobody has commanded anything now: for that there is beginAsked.
func (m *Machine) begin(s *service) {
	if s.linked() {
		m.propagate()
		if s.blocked() {
			m.wait(s)
			return
		}
	}
	m.spawn(s)
}

// beginAsked is begin for a command, which may be one of several: whether a service must wait is
// only known when all of them have been decided.
func (m *Machine) beginAsked(s *service) {
	if !s.linked() {
		m.spawn(s)
		return
	}
	s.Due = true
	m.touch(s)
}

func (m *Machine) wait(s *service) {
	m.enter(s, Waiting)
	m.await(s, Waits, s.awaited(), s.Origin)
}

// await tells for whom a service waits, when that has changed.
func (m *Machine) await(s *service, kind NoteKind, whom string, origin EventID) {
	if s.Awaits != whom {
		s.Awaits = whom
		m.do(s, Action{Kind: Tell, Origin: origin, Note: Note{Kind: kind, Reason: whom}})
	}
}

// beginDue starts what was said to start.
func (m *Machine) beginDue(s *service) {
	if s.Due {
		s.Due = false
		m.begin(s)
	}
}

// waitOver starts a service whose conditions are met.
func (m *Machine) waitOver(s *service) {
	if s.blocked() {
		m.await(s, StillWaits, s.awaited(), s.Origin)
		return
	}
	s.Origin = m.newest(s)
	m.spawn(s)
}

// newest is the event that a start after a wait goes back to: the last one that one of those that
// it has waited for goes back to, or the update by which it waits no longer.
func (m *Machine) newest(s *service) EventID {
	if m.event.Kind == Update {
		return m.seq
	}
	origin := s.Origin
	for i := range s.needs {
		origin = max(origin, s.needs[i].to.Origin)
	}
	return origin
}

// yield stops a running service that is to go, once nobody that needs it is left. It also sees
// to it that it will be ready, if somebody has come to wait for that.
func (m *Machine) yield(s *service) {
	m.awaitReady(s)
	switch {
	case !s.going:
		m.await(s, StopsAfter, "", s.Origin)
	case !s.keptUp() || m.shutdown.cutting:
		m.takeDown(s)
	default:
		m.await(s, StopsAfter, s.keepers(), s.whyGoing())
	}
}

// whyGoing is the event for which a service is to go: that which has commanded it, or what has
// become of a service that it requires, or of one which that requires.
func (s *service) whyGoing() EventID {
	if s.Wanted != Up || s.Cycling {
		return s.WantedBy
	}
	if e := s.lost(); e != nil {
		if d := e.to; d.Wanted == Up && !d.Cycling && d.lost() == nil {
			return d.Origin
		}
		return e.to.whyGoing()
	}
	return s.renewed().to.Origin
}

// takeDown begins the ladder of a running service.
func (m *Machine) takeDown(s *service) {
	s.Origin = s.whyGoing()
	if s.Wanted == Up && !s.Cycling {
		n := Note{Kind: Outdated}
		e := s.lost()
		if e != nil {
			n.Kind = Yields
		} else {
			e = s.renewed()
		}
		s.Yielded, n.Reason = true, quoted(e.to)
		m.note(s, n)
	}
	m.enter(s, Stopping)
	if m.shutdown.cutting {
		m.cut(s)
	} else {
		m.climb(s, 0)
	}
}

// renewed is the condition because of which a service is outdated: the first one that may have
// made it so, nil if there is none any more.
func (s *service) renewed() *edge {
	for i := range s.needs {
		if s.needs[i].kind == requires && s.needs[i].onLoss == config.RestartIt {
			return &s.needs[i]
		}
	}
	return nil
}

// yieldDone takes a service that has done its work for down, or starts it again, once nobody
// that needs it is left.
func (m *Machine) yieldDone(s *service) {
	switch {
	case !s.going:
		m.await(s, StopsAfter, "", s.Origin)
	case s.keptUp():
		m.await(s, StopsAfter, s.keepers(), s.WantedBy)
	case s.Wanted != Up:
		s.Origin, s.Completed = s.WantedBy, false
		m.rest(s)
	default:
		s.Cycling = false
		s.Origin = s.WantedBy
		m.begin(s)
	}
}

// outdate tells those that run and want to be restarted with a service that it begins anew.
func (m *Machine) outdate(s *service) {
	for _, e := range s.neededBy {
		if e.kind == requires && e.onLoss == config.RestartIt && e.from.present() {
			e.from.Stale = true
			m.touch(e.from)
		}
	}
}

// awaitReady has a running service called ready when it has run for long enough, if anybody
// waits for that.
func (m *Machine) awaitReady(s *service) {
	switch {
	case len(s.neededBy) == 0 || s.spec.Type != config.Run:
		m.timers.clear(&s.ready)
		return
	case s.State != Running, s.Ready, s.ready.set():
		return
	}
	if at := s.Started + max(s.spec.UpAfter, 0); at > m.now {
		m.timers.arm(&s.ready, at)
		return
	}
	m.becomeReady(s)
}

// noteReached takes note of a running service that has been ready, though nobody has waited for it.
func (m *Machine) noteReached(s *service) {
	if s.State == Running && s.spec.Type == config.Run && m.now-s.Started >= s.spec.UpAfter {
		s.Reached = true
	}
}

// becomeReady says that a service can do its work.
func (m *Machine) becomeReady(s *service) {
	s.Ready, s.Reached = true, true
	m.touch(s)
}

// bring starts what a service needs, as it is to start itself: what is not wanted up, or has
// failed; and what those need that wait.
func (m *Machine) bring(s *service) {
	if len(s.needs) == 0 || s.brought == m.seq {
		return
	}
	s.brought = m.seq
	for _, e := range s.needs {
		d := e.to
		switch {
		case e.kind == after, e.kind == milestone && d.Reached, d.State == Removed, d.Wanted == Absent:
		case d.Wanted != Up, d.State == Failed && !d.Due:
			m.commandFor(d, Start)
		case d.State == Waiting:
			m.bring(d)
		}
	}
}
