package machine

// The handlers of commands and of processes that come and go. Each is named for what
// happened. They change the state; what that means for waiting signals is settled by
// dispatch afterwards.

// startAsked starts a service of which nothing is there. No limit of restarts stops
// it, and the counting begins anew.
func (m *Machine) startAsked(s *service) {
	m.wantUp(s)
	s.origin = m.seq
	m.spawn(s)
}

// startAskedWhileRunning decides anew what its end will mean, and nothing else.
func (m *Machine) startAskedWhileRunning(s *service) {
	m.rememberOnce(s)
	s.once = m.event.Once
}

// startAskedWhileStarting takes back a Stop that waits for the spawn's result.
func (m *Machine) startAskedWhileStarting(s *service) {
	m.rememberOnce(s)
	m.wantUp(s)
}

// startAskedWhileClimbing lets the next generation begin as soon as this one is gone.
func (m *Machine) startAskedWhileClimbing(s *service) {
	m.wantUp(s)
	s.unasked = false
	m.remember(s)
}

// restartAsked stops a running service, to start it again.
func (m *Machine) restartAsked(s *service) {
	m.wantUp(s)
	s.origin = m.seq
	m.enter(s, Stopping)
	m.climb(s, 0)
}

// stopAsked stops a running service, as Remove does before all else.
func (m *Machine) stopAsked(s *service) {
	m.wantDown(s)
	s.origin = m.seq
	m.enter(s, Stopping)
	m.climb(s, 0)
}

// stopAskedAtRest ends a wait for the next start, or forgets a failure. There is
// nothing that keeps a service from being removed.
func (m *Machine) stopAskedAtRest(s *service) {
	m.wantDown(s)
	s.origin = m.seq
	m.rest(s)
}

// stopAskedLater is for a service that must first be spawned, or that is going down
// already.
func (m *Machine) stopAskedLater(s *service) {
	if s.wanted == Absent || s.wanted == Down && m.kind != Remove {
		m.already(s)
		return
	}
	m.wantDown(s)
	s.unasked = false
	m.remember(s)
}

// killAsked is stopAsked with the ladder cut to SIGKILL.
func (m *Machine) killAsked(s *service) {
	m.want(s, Down)
	s.origin = m.seq
	m.enter(s, Stopping)
	m.cut(s)
}

// killAskedWhileClimbing cuts the ladder that is under way.
func (m *Machine) killAskedWhileClimbing(s *service) {
	m.want(s, Down)
	s.unasked = false
	m.cut(s)
}

// rememberOnce answers a start of what is there, or as good as there: what changes is
// at the most whether it was the last one.
func (m *Machine) rememberOnce(s *service) {
	if s.wanted == Up && s.once == m.event.Once {
		m.already(s)
	} else {
		m.remember(s)
	}
}

func (m *Machine) remember(s *service) {
	m.reply(s, Note{Kind: Remembered, Event: m.kind, From: s.state})
}

// spawned says that there is a leader now.
func (m *Machine) spawned(s *service) {
	s.pid, s.started = m.event.PID, m.now
	s.ran = true
	s.restarts.failures = 0
	s.outbox.renew()
	if s.wanted == Up {
		m.enter(s, Running)
		return
	}
	s.origin = s.wish
	m.enter(s, Stopping)
	if m.shutdown.cutting {
		m.cut(s)
	} else {
		m.climb(s, 0)
	}
}

// spawnFailed says that there is no leader. A service that has run before, and one
// that lacks but resources, will be tried again: the first may be in the middle of a
// deployment, the second is not to blame.
func (m *Machine) spawnFailed(s *service) {
	m.note(s, Note{Kind: CannotSpawn, Reason: m.event.Reason, Permanent: m.event.Permanent})
	switch {
	case s.wanted != Up:
		s.origin = s.wish
		m.rest(s)
	case s.startsOnce():
		m.giveUp(s, s.whyOnce())
	case m.event.Permanent && !s.ran:
		m.giveUp(s, CannotExecute)
	default:
		s.origin = m.seq
		m.retrySpawn(s)
	}
}

// exitedUnasked says that a running leader went by itself, or was sent away by others.
func (m *Machine) exitedUnasked(s *service) {
	s.origin, s.unasked = m.seq, true
	m.leaderGone(s)
	s.restarts.count(s.exit, s.up)
	if !m.event.Survivors {
		m.gone(s)
		return
	}
	m.enter(s, Clearing)
	m.climb(s, 0)
}

// exitedWhileStopping says that the ladder has done its work, at least on the leader.
func (m *Machine) exitedWhileStopping(s *service) {
	s.unasked = false
	m.leaderGone(s)
	if !m.event.Survivors {
		m.gone(s)
		return
	}
	left := s.deadline.at
	m.enter(s, Clearing)
	m.climbOn(s, left)
}

func (m *Machine) leaderGone(s *service) {
	s.exit, s.exited, s.exitedAt, s.up, s.pid = m.event.Exit, true, m.now, m.now-s.started, 0
	m.takeBack(s)
	m.note(s, Note{Kind: LeaderExited, Exit: s.exit, For: s.up})
	if m.event.Survivors {
		m.note(s, Note{Kind: SurvivorsRemain})
	}
}

// gone says that nothing of a generation is left.
func (m *Machine) gone(s *service) {
	switch {
	case s.wanted != Up:
		s.origin = s.wish
		m.rest(s)
	case s.unasked:
		m.judge(s)
	default:
		s.origin = s.wish
		m.spawn(s)
	}
}

// backoffOver says that the time to start again has come.
func (m *Machine) backoffOver(s *service) { m.spawn(s) }
