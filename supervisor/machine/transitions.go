package machine

// The handlers of commands, and of processes that come and go. Each is named for what has
// happened. They change the state; dispatch then does what that means for waiting signals.

// startAsked starts a service without processes, whatever its limit of restarts, which are
// counted from 0 again.
func (m *Machine) startAsked(s *service) {
	m.wantUp(s)
	s.Origin = m.seq
	m.beginAsked(s)
}

// startAskedWhileRunning only changes whether the service is started again when it ends; or
// keeps it from being stopped, if that waits for others.
func (m *Machine) startAskedWhileRunning(s *service) {
	m.rememberOnce(s)
	s.Once = m.onceFor(s)
	if s.Wanted != Up {
		m.wantUp(s)
	}
}

// startAskedWhileDone keeps what has done its work up. To do it again takes a Restart; if one waits
// for others, this says whether it is for one run only.
func (m *Machine) startAskedWhileDone(s *service) {
	switch {
	case s.Wanted != Up:
		m.remember(s)
		m.wantUp(s)
	case s.Cycling:
		m.rememberOnce(s)
		s.Once = m.onceFor(s)
	default:
		m.already(s)
	}
}

// restartAskedWhileDone has it do its work again.
func (m *Machine) restartAskedWhileDone(s *service) {
	if s.linked() {
		m.goWhenDue(s, true)
		return
	}
	m.wantUp(s)
	s.Origin = m.seq
	m.begin(s)
}

// stopAskedWhileDone takes it for down.
func (m *Machine) stopAskedWhileDone(s *service) {
	switch {
	case s.Wanted != Up && m.kind == Stop:
		m.already(s)
	case s.linked():
		m.goWhenDue(s, false)
	default:
		m.stopAskedAtRest(s)
	}
}

// goWhenDue has a service with neighbours stopped, and perhaps started again, when nobody is left
// who needs it. That is told here if it is to go already, and else when it has to wait.
func (m *Machine) goWhenDue(s *service, again bool) {
	m.propagate()
	if s.going && m.kind != Shutdown && m.kind != ShutdownNow {
		m.remember(s)
	}
	if again {
		m.wantUp(s)
	} else {
		m.wantDown(s)
	}
	s.Cycling = again
}

// notDue takes back a start that has not been decided, on behalf of a shutdown.
func (m *Machine) notDue(s *service) {
	if s.Due {
		s.Due = false
		m.want(s, Down)
	}
}

// stopAskedWhileStopped takes back a start that has not been decided.
func (m *Machine) stopAskedWhileStopped(s *service) {
	if s.Due {
		m.stopAskedAtRest(s)
		return
	}
	m.already(s)
}

// startAskedWhileStarting cancels a Stop that waits for the result of Spawn.
func (m *Machine) startAskedWhileStarting(s *service) {
	m.rememberOnce(s)
	m.wantUp(s)
}

// startAskedWhileClimbing has the next generation spawned as soon as this one is gone.
func (m *Machine) startAskedWhileClimbing(s *service) {
	m.wantUp(s)
	s.Unasked = false
	m.remember(s)
	m.clear(s)
}

// restartAsked stops a running service, to start it again.
func (m *Machine) restartAsked(s *service) {
	if s.linked() {
		m.goWhenDue(s, true)
		return
	}
	m.wantUp(s)
	s.Origin = m.seq
	m.enter(s, Stopping)
	m.climb(s, 0)
}

// stopAsked stops a running service. It serves Remove, too.
func (m *Machine) stopAsked(s *service) {
	switch {
	case s.Wanted != Up && m.kind == Stop:
		m.already(s)
	case s.linked():
		m.goWhenDue(s, false)
	default:
		m.wantDown(s)
		s.Origin = m.seq
		m.enter(s, Stopping)
		m.climb(s, 0)
	}
}

// stopAskedAtRest ends a wait for the next start, or forgets a failure. If the service is to
// be removed, that can be done at once.
func (m *Machine) stopAskedAtRest(s *service) {
	m.wantDown(s)
	s.Origin = m.seq
	s.Completed, s.Due = false, false
	m.rest(s)
}

// stopAskedLater is for a service that is being spawned, or that is going down already.
func (m *Machine) stopAskedLater(s *service) {
	if s.Wanted == Absent || s.Wanted == Down && m.kind != Remove {
		m.already(s)
		return
	}
	m.wantDown(s)
	s.Unasked = false
	m.remember(s)
	m.clear(s)
}

// stopAskedWhileStarting gives up a start that takes long: it may hang for ever.
func (m *Machine) stopAskedWhileStarting(s *service) {
	m.stopAskedLater(s)
	if s.Delay != "" {
		m.giveUpStart(s)
	}
}

// delayed tells of a start that takes long. There is nothing to be lost yet by giving it up.
func (m *Machine) delayed(s *service) {
	s.Delay = m.event.Reason
	m.note(s, Note{Kind: StartDelayed, For: m.now - s.Since, Reason: s.Delay})
	if s.Wanted != Up {
		m.giveUpStart(s)
	}
}

// giveUpStart is on behalf of what wants the service down.
func (m *Machine) giveUpStart(s *service) { m.do(s, Action{Kind: GiveUpStart, Origin: s.WantedBy}) }

// killAsked is stopAsked with the ladder cut to SIGKILL.
func (m *Machine) killAsked(s *service) {
	m.want(s, Down)
	s.Origin = m.seq
	m.enter(s, Stopping)
	m.cut(s)
}

// killAskedWhileClimbing cuts the ladder that is under way.
func (m *Machine) killAskedWhileClimbing(s *service) {
	m.want(s, Down)
	s.Unasked = false
	m.cut(s)
}

// rememberOnce answers a Start of a service that runs or is about to: all that this can
// change is whether its policy starts it again.
func (m *Machine) rememberOnce(s *service) {
	if s.Wanted == Up && s.Once == m.onceFor(s) {
		m.already(s)
	} else {
		m.remember(s)
	}
}

func (m *Machine) remember(s *service) {
	m.reply(s, Note{Kind: Remembered, Event: m.kind, From: s.State})
}

// spawned handles a leader that has been spawned.
func (m *Machine) spawned(s *service) {
	s.PID, s.Started = m.event.PID, m.now
	s.Ran, s.Paused, s.Told, s.Background, s.Delay = true, false, false, "", ""
	s.Restarts.Failures = 0
	s.outbox.renew()
	if s.Wanted == Up || s.linked() && !m.shutdown.cutting {
		m.enter(s, Running)
		return
	}
	s.Origin = s.WantedBy
	m.enter(s, Stopping)
	if m.shutdown.cutting {
		m.cut(s)
	} else {
		m.climb(s, 0)
	}
}

// spawnFailed handles a leader that could not be spawned. It is tried again if the service
// has run before, as this may be the middle of a deployment, or if only resources were
// lacking.
func (m *Machine) spawnFailed(s *service) {
	s.Unspawned, s.Delay = true, ""
	m.note(s, Note{Kind: CannotSpawn, Reason: m.event.Reason, Permanent: m.event.Permanent})
	m.do(s, Action{Kind: ReportTail, Final: true})
	switch {
	case s.Wanted != Up:
		s.Origin = s.WantedBy
		m.rest(s)
	case s.startsOnce():
		m.giveUp(s, s.whyOnce())
	case m.event.Permanent && !s.Ran:
		m.giveUp(s, CannotExecute)
	default:
		s.Origin = m.seq
		m.retrySpawn(s)
	}
}

// exitedUnasked handles the exit of a running leader, by itself or because others killed it.
func (m *Machine) exitedUnasked(s *service) {
	s.Origin, s.Unasked = m.seq, !s.Cycling
	m.leaderGone(s)
	switch {
	case !m.event.Survivors:
		m.gone(s)
	case s.Exit.Signal == 0 && succeeded(&s.spec.Restart, s.Exit):
		m.enter(s, Clearing)
		m.survey(s)
	default:
		m.enter(s, Clearing)
		m.climb(s, 0)
	}
}

// exitedWhileStopping handles the exit of a leader that is being stopped.
func (m *Machine) exitedWhileStopping(s *service) {
	s.Unasked = false
	m.leaderGone(s)
	if !m.event.Survivors {
		m.gone(s)
		return
	}
	left := s.deadline.at
	m.enter(s, Clearing)
	m.climbOn(s, left)
}

// leaderGone records how a leader ended. What was to be sent to it is held, or refused.
func (m *Machine) leaderGone(s *service) {
	pid := s.PID
	s.Exit, s.Exited, s.ExitedAt, s.Up, s.PID = m.event.Exit, true, m.now, m.now-s.Started, 0
	m.takeBack(s)
	m.refuseAll(s)
	success := succeeded(&s.spec.Restart, s.Exit)
	m.note(s, Note{Kind: LeaderExited, Exit: s.Exit, For: s.Up, Success: success})
	if !success {
		m.do(s, Action{Kind: ReportTail})
	}
	if m.event.Dumping {
		m.leaveRemnant(s, pid)
	}
	if m.event.Survivors {
		m.note(s, Note{Kind: SurvivorsRemain})
	}
}

// gone handles the end of a generation: none of its processes is left.
func (m *Machine) gone(s *service) {
	s.Surveys = 0
	m.refuseAll(s)
	switch {
	case s.Wanted != Up:
		s.Origin = s.WantedBy
		m.rest(s)
	case s.Unasked:
		s.Restarts.count(s.Exit, s.Up)
		m.judge(s)
	default:
		switch {
		case !s.Yielded:
			s.Origin = s.WantedBy
		case !s.blocked():
			s.Origin = m.newest(s)
		}
		m.begin(s)
	}
}

// backoffOver starts a service again when its wait is over.
func (m *Machine) backoffOver(s *service) { m.begin(s) }
