package machine

import (
	"time"

	"supervise/config"
	"supervise/signals"
)

// killAgain is the time between two SIGKILLs for a tree that survives them.
const killAgain = 5 * time.Second

// Ladder is the progress of the escalation that ends a generation. The rungs are those of
// config.Stop, followed by SIGKILL for the tree.
type Ladder struct {
	Rungs   []config.Rung
	Rung    int           // the present one, from 0
	Reached time.Duration // when the first SIGKILL was sent
	Kills   int           // how many SIGKILLs were sent

	Waits    bool          `json:",omitempty"` // its SIGKILL is due, and perhaps waits for cores
	Patience time.Duration `json:",omitzero"`  // until when it does at the longest, once it was due
	Looking  bool          `json:",omitempty"` // whether there are any is asked, and not answered
	Dumps    string        `json:",omitempty"` // the processes for which it waits, as was told
}

// lastRung is the place of SIGKILL in the ladder.
func (s *service) lastRung() int { return len(s.Ladder.Rungs) }

// climb sends the signal of a rung, and sets its deadline.
func (m *Machine) climb(s *service, rung int) {
	s.Surveys, s.Ladder.Rung = 0, rung
	if rung >= s.lastRung() || s.Ladder.Rungs[rung].Signal == signals.SIGKILL {
		m.killUnlessDumping(s)
		return
	}
	m.beginRung(s)
}

// beginRung sends the signal of a rung that is not the last one, and sets its deadline.
func (m *Machine) beginRung(s *service) {
	m.sendRung(s)
	m.timers.arm(&s.deadline, m.now+max(s.Ladder.Rungs[s.Ladder.Rung].Timeout, 0))
}

// climbOn continues the ladder after the leader has gone. The signal of the present rung, which
// keeps its deadline, goes once to the rest of the tree. It is not repeated if it went to the
// whole tree before, as some programs take a second signal for impatience. SIGKILL is, as a
// fork may have raced with the first one.
func (m *Machine) climbOn(s *service, deadline time.Duration) {
	switch {
	case s.Ladder.Waits:
		m.lookForDumps(s)
		return
	case s.Ladder.Rung >= s.lastRung():
		m.kill(s)
	case s.Ladder.Rungs[s.Ladder.Rung].Scope != config.Tree:
		m.sendRung(s)
	}
	m.timers.arm(&s.deadline, deadline)
}

// sendRung sends the signal of the present rung, and SIGCONT after it: in a stopped process
// all other signals stay pending (signal(7)). Without a leader both go to the tree.
func (m *Machine) sendRung(s *service) {
	rung := s.Ladder.Rungs[s.Ladder.Rung]
	scope := rung.Scope
	if s.State == Clearing {
		scope = config.Tree
	}
	if rung.Signal != signals.SIGCONT {
		m.do(s, Action{Kind: Send, Scope: scope, Signal: rung.Signal})
	}
	if rung.Signal != signals.SIGKILL {
		m.sendContinue(s, scope)
	}
}

// sendContinue makes stopped processes act on what they were sent. All of a paused service
// continues, as its leader may wait for other processes.
func (m *Machine) sendContinue(s *service, scope config.Scope) {
	if s.Paused {
		s.Paused, scope = false, config.Tree
	}
	m.do(s, Action{Kind: Send, Scope: scope, Signal: signals.SIGCONT})
}

func (m *Machine) kill(s *service) {
	s.Ladder.Kills++
	m.do(s, Action{Kind: Kill})
}

// rungTimedOut goes on to the next rung, or to the next SIGKILL.
func (m *Machine) rungTimedOut(s *service) {
	if s.Surveys > 0 {
		m.surveyTimedOut(s)
		return
	}
	if s.Ladder.Waits {
		m.awaitDumps(s)
		return
	}
	if s.Ladder.Rung < s.lastRung() {
		m.note(s, Note{Kind: RungTimedOut, Rung: s.Ladder.Rung, For: s.Ladder.Rungs[s.Ladder.Rung].Timeout})
		m.climb(s, s.Ladder.Rung+1)
		return
	}
	m.note(s, Note{Kind: SurvivesKill, Count: s.Ladder.Kills, For: m.now - s.Ladder.Reached})
	m.kill(s)
	m.timers.arm(&s.deadline, m.now+killAgain)
}

// cut skips the rest of a ladder, on behalf of a shutdown, and waits for no core. One that has
// sent SIGKILL goes on as it is.
func (m *Machine) cut(s *service) {
	if s.Ladder.Kills > 0 {
		return
	}
	s.Origin = m.shutdown.origin
	m.note(s, Note{Kind: LadderCut})
	m.climb(s, s.lastRung())
}
