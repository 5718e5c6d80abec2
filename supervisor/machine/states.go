package machine

import (
	"time"

	"supervise/config"
	"supervise/signals"
)

// State is what is there of a service. The package's documentation explains each.
type State uint8

// The states.
const (
	Stopped State = iota
	Starting
	Running
	Stopping
	Clearing
	Backoff
	Failed
	Removed

	numStates = iota
)

// atRest reports whether a service in this state changes only when it is told to,
// with nothing of it left.
func (s State) atRest() bool { return s == Stopped || s == Failed || s == Removed }

// climbing reports whether a ladder is under way.
func (s State) climbing() bool { return s == Stopping || s == Clearing }

// Wanted is what whoever commands a service wants of it.
type Wanted uint8

// The wishes. Absent is Down and more: it is to be Removed.
const (
	Down Wanted = iota
	Up
	Absent
)

// service is all that the machine knows of one service.
type service struct {
	id   ServiceID
	spec *config.Service

	state    State
	since    time.Duration // when it entered state
	origin   EventID       // what state goes back to
	wanted   Wanted
	wish     EventID // who wanted it
	once     bool    // it is not to be started again by its policy
	deadline timer   // of state

	gen     Gen
	pid     int32 // of the leader; 0 when there is none
	started time.Duration
	ran     bool // a generation of it has been alive

	exit     signals.Exit  // of the last leader
	exited   bool          // there was one
	exitedAt time.Duration // when it was reaped
	up       time.Duration // how long it lived
	unasked  bool          // nobody asked for its end, so the policy judges it

	ladder   ladder
	restarts restarts
	outbox   outbox
}

// want notes what the present event wants of the service. Nothing but an Update takes
// back that it is to be absent.
func (m *Machine) want(s *service, wanted Wanted) {
	if s.wanted != Absent {
		s.wanted = wanted
	}
	s.wish = m.seq
}

// wantDown is want for whatever stops a service.
func (m *Machine) wantDown(s *service) {
	if m.kind == Remove {
		m.want(s, Absent)
	} else {
		m.want(s, Down)
	}
}

// wantUp is want for whatever starts a service: the counting of restarts begins anew,
// and whether there will be any is decided afresh.
func (m *Machine) wantUp(s *service) {
	m.want(s, Up)
	s.once = m.event.Once
	s.restarts.forget()
}

// enter changes the state, and with it ends the state's deadline. A ladder is that of
// the moment in which it begins, whatever an Update says later.
func (m *Machine) enter(s *service, to State) {
	from := s.state
	m.timers.clear(&s.deadline)
	switch {
	case from.atRest() && !to.atRest():
		m.active++
	case to.atRest() && !from.atRest():
		m.active--
	}
	if to.climbing() && !from.climbing() {
		s.ladder = ladder{rungs: s.spec.Stop.Ladder}
	}
	s.state, s.since = to, m.now
	m.note(s, Note{Kind: Changed, From: from, To: to})
}

// rest is the end of a service that is not wanted up.
func (m *Machine) rest(s *service) {
	if s.state != Stopped {
		m.enter(s, Stopped)
	}
	if s.wanted == Absent {
		m.remove(s)
	}
}

// spawn begins a new generation.
func (m *Machine) spawn(s *service) {
	s.gen++
	m.enter(s, Starting)
	m.do(s, Action{Kind: Spawn})
}
