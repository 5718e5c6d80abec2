package machine

import (
	"time"

	"supervise/config"
	"supervise/signals"
)

// killAgain is the time between two SIGKILLs for a tree that survives them.
const killAgain = 5 * time.Second

// ladder is how far the escalation has come that ends a generation. The rungs are
// those of config.Stop; the one after the last is SIGKILL of the tree.
type ladder struct {
	rungs   []config.Rung
	rung    int
	reached time.Duration // when the first SIGKILL was sent
	kills   int
}

// lastRung is the place of SIGKILL in the ladder.
func (s *service) lastRung() int { return len(s.ladder.rungs) }

// climb sends what a rung sends, and gives it its time.
func (m *Machine) climb(s *service, rung int) {
	s.ladder.rung = rung
	if rung >= s.lastRung() {
		s.ladder.reached = m.now
		m.kill(s)
		m.timers.arm(&s.deadline, m.now+killAgain)
		return
	}
	m.sendRung(s)
	m.timers.arm(&s.deadline, m.now+max(s.ladder.rungs[rung].Timeout, 0))
}

// climbOn goes on with the rung that was reached, which had until deadline, after the
// leader has gone: its signal goes once to the rest of the tree. A rung whose signal
// went to the whole tree before is not repeated, since some programs take a second
// signal for impatience; SIGKILL is, since a fork may have raced with the first.
func (m *Machine) climbOn(s *service, deadline time.Duration) {
	switch {
	case s.ladder.rung >= s.lastRung():
		m.kill(s)
	case s.ladder.rungs[s.ladder.rung].Scope != config.Tree:
		m.sendRung(s)
	}
	m.timers.arm(&s.deadline, deadline)
}

// sendRung sends the present rung's signal, and SIGCONT after it: a stopped process
// keeps all other signals pending (signal(7)). Without a leader both go to the tree.
func (m *Machine) sendRung(s *service) {
	rung := s.ladder.rungs[s.ladder.rung]
	scope := rung.Scope
	if s.state == Clearing {
		scope = config.Tree
	}
	m.do(s, Action{Kind: Send, Scope: scope, Signal: rung.Signal})
	if rung.Signal != signals.SIGKILL && rung.Signal != signals.SIGCONT {
		m.do(s, Action{Kind: Send, Scope: scope, Signal: signals.SIGCONT})
	}
}

func (m *Machine) kill(s *service) {
	s.ladder.kills++
	m.do(s, Action{Kind: Kill})
}

// rungTimedOut goes on to the next rung, or to the next SIGKILL.
func (m *Machine) rungTimedOut(s *service) {
	if s.ladder.rung < s.lastRung() {
		m.note(s, Note{Kind: RungTimedOut, Rung: s.ladder.rung, For: s.ladder.rungs[s.ladder.rung].Timeout})
		m.climb(s, s.ladder.rung+1)
		return
	}
	m.note(s, Note{Kind: SurvivesKill, Count: s.ladder.kills, For: m.now - s.ladder.reached})
	m.kill(s)
	m.timers.arm(&s.deadline, m.now+killAgain)
}

// cut skips what is left of a ladder, on behalf of a shutdown. One that has come to
// SIGKILL goes on as it is.
func (m *Machine) cut(s *service) {
	if s.ladder.kills > 0 {
		return
	}
	s.origin = m.shutdown.origin
	m.note(s, Note{Kind: LadderCut})
	m.climb(s, s.lastRung())
}
