package machine

import "time"

// While the kernel writes the core of a process, SIGKILL would cut that short, and with it what
// there is to find out why the process has crashed. So the SIGKILL at the end of a ladder waits
// for as long as the configuration lets a core take, counted from when it was due. A shutdown
// that cuts the ladders waits for no core: its time is the administrator's last word.
//
// Nothing says when the kernel is done with another process than the leader, so that this is
// asked again after a while.
const dumpPause = 500 * time.Millisecond

// patience is how long a core may hold up what comes after it, 0 for not at all.
func (m *Machine) patience() time.Duration { return max(m.file.Core.Timeout, 0) }

// killUnlessDumping comes to the end of a ladder, or to a rung that is a SIGKILL. Together they
// wait no longer than one would.
func (m *Machine) killUnlessDumping(s *service) {
	if s.Ladder.Patience == 0 {
		s.Ladder.Patience = m.now + m.patience()
	}
	if m.now >= s.Ladder.Patience || m.shutdown.cutting {
		m.killNow(s)
		return
	}
	s.Ladder.Waits = true
	m.lookForDumps(s)
}

func (m *Machine) lookForDumps(s *service) {
	s.Ladder.Looking = true
	m.do(s, Action{Kind: LookForDumps})
	m.timers.arm(&s.deadline, min(m.now+dumpPause, s.Ladder.Patience))
}

// dumpsSeen goes on to SIGKILL if nobody's core is being written.
func (m *Machine) dumpsSeen(s *service) {
	switch {
	case !s.Ladder.Looking:
		m.late(s)
		return
	case m.event.Count <= 0:
		m.killNow(s)
		return
	}
	s.Ladder.Looking = false
	if s.Ladder.Dumps == "" {
		m.note(s, Note{Kind: AwaitsCore, For: s.Ladder.Patience - m.now, Reason: m.event.Reason})
	}
	s.Ladder.Dumps = m.event.Reason
}

// awaitDumps asks again, unless that has gone on for long enough.
func (m *Machine) awaitDumps(s *service) {
	if m.now < s.Ladder.Patience {
		m.lookForDumps(s)
		return
	}
	if s.Ladder.Dumps != "" {
		m.note(s, Note{Kind: CoreTooLong, For: m.patience()})
	}
	m.killNow(s)
}

// killNow sends the SIGKILL that was due.
func (m *Machine) killNow(s *service) {
	s.Ladder.Waits, s.Ladder.Looking, s.Ladder.Dumps = false, false, ""
	if s.Ladder.Rung < s.lastRung() {
		m.beginRung(s)
		return
	}
	s.Ladder.Reached = m.now
	m.kill(s)
	m.timers.arm(&s.deadline, m.now+killAgain)
}

// CanLeave reports whether a service may go on without its leader before that is reaped, while
// the kernel still writes its core: if it runs and would be started again. One that is being
// stopped is down when nothing is left, and no service leaves more than one such process: those
// that crash again and again would fill the memory.
func (m *Machine) CanLeave(id ServiceID) bool {
	if !m.has(id) || m.ShuttingDown() || m.patience() == 0 {
		return false
	}
	s := m.services[id]
	return s.State == Running && s.Remnant == 0 && s.Wanted == Up && !s.startsOnce()
}

// leaveRemnant has the service go on without a leader whose core is still being written.
func (m *Machine) leaveRemnant(s *service, pid int32) {
	if s.Remnant == 0 {
		m.remnants++
	}
	s.Remnant = pid
	m.timers.arm(&s.remnant, m.now+m.patience())
	m.note(s, Note{Kind: LeavesRemnant, For: m.patience()})
}

// remnantEnded forgets it.
func (m *Machine) remnantEnded(s *service) {
	switch {
	case s.State == Removed && s.Remnant == 0:
		m.noSuch(s)
		return
	case s.Remnant == 0 || s.Remnant != m.event.PID:
		m.impossible(s)
		return
	}
	s.Remnant = 0
	m.remnants--
	m.timers.clear(&s.remnant)
}

// remnantTimedOut has the kernel give up a core that takes too long.
func (m *Machine) remnantTimedOut(s *service) {
	m.note(s, Note{Kind: RemnantTooLong, For: m.patience()})
	m.do(s, Action{Kind: KillRemnant, PID: s.Remnant})
}

// killRemnants is for a shutdown that waits no longer.
func (m *Machine) killRemnants() {
	for _, s := range m.services {
		if s.Remnant != 0 {
			m.timers.clear(&s.remnant)
			m.do(s, Action{Kind: KillRemnant, Origin: m.shutdown.origin, PID: s.Remnant})
		}
	}
}

// tellOfRemnant tells that the shutdown waits for a core.
func (m *Machine) tellOfRemnant(s *service) {
	if s.Remnant == 0 {
		return
	}
	until := m.shutdown.deadline.at
	if s.remnant.set() {
		until = min(until, s.remnant.at)
	}
	m.do(s, Action{Kind: Tell, Origin: m.shutdown.origin, Note: Note{Kind: AwaitsRemnant, For: max(until-m.now, 0)}})
}
