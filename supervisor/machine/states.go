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

// Wanted is what the last command asked of a service.
type Wanted uint8

// What can be wanted. Absent is Down and more: it is to be Removed.
const (
	Down Wanted = iota
	Up
	Absent

	numWanted = iota
)

// service is all that the machine knows of one service.
type service struct {
	id   ServiceID
	spec *config.Service
	Lifecycle
	deadline timer // of State
	outbox   outbox
}

// Lifecycle is where a service is in its life, and how it came there. All times are on the
// clock of Step's now.
type Lifecycle struct {
	State    State
	Since    time.Duration // when it entered State
	Origin   EventID       // what State goes back to
	Wanted   Wanted
	WantedBy EventID // the command that Wanted goes back to
	Once     bool    // it is not to be started again by its policy

	Gen     Gen
	PID     int32 // of the leader; 0 when there is none
	Started time.Duration
	Ran     bool // a generation of it has been alive
	Paused  bool // by a command

	Exit     signals.Exit  // of the last leader
	Exited   bool          // there was one
	ExitedAt time.Duration // when it was reaped
	Up       time.Duration // how long it lived
	Unasked  bool          // nobody asked for its end, so the policy judges it

	Surveys    int    // that were asked for since it ended, while the ladder waits for them
	Told       bool   // the present leader was sent a signal by command or as a forwarded one
	Background string // what the last leader has left in the background, "" for nothing

	Ladder   Ladder
	Restarts Restarts
	Requests []Request // that wait for word from the kernel, in their order
}

// want notes what the present event wants of the service. Only an Update takes back that
// it is to be absent.
func (m *Machine) want(s *service, wanted Wanted) {
	if s.Wanted != Absent {
		s.Wanted = wanted
	}
	s.WantedBy = m.seq
}

// wantDown is want for whatever stops a service.
func (m *Machine) wantDown(s *service) {
	if m.kind == Remove {
		m.want(s, Absent)
	} else {
		m.want(s, Down)
	}
}

// wantUp is want for whatever starts a service: the counting of restarts begins again, and
// whether there will be any is decided again.
func (m *Machine) wantUp(s *service) {
	m.want(s, Up)
	s.Once = m.event.Once
	s.Restarts.forget()
}

// enter changes the state, and with it ends the state's deadline. A ladder is that of
// the moment in which it begins, whatever an Update says later.
func (m *Machine) enter(s *service, to State) {
	from := s.State
	m.timers.clear(&s.deadline)
	switch {
	case from.atRest() && !to.atRest():
		m.active++
	case to.atRest() && !from.atRest():
		m.active--
	}
	if to.climbing() && !from.climbing() {
		s.Ladder = Ladder{Rungs: s.spec.Stop.Ladder}
	}
	s.State, s.Since = to, m.now
	m.note(s, Note{Kind: Changed, From: from, To: to})
}

// rest is the end of a service that is not wanted up.
func (m *Machine) rest(s *service) {
	if s.State != Stopped {
		m.enter(s, Stopped)
	}
	if s.Wanted == Absent {
		m.remove(s)
	}
}

// spawn begins a new generation.
func (m *Machine) spawn(s *service) {
	s.Gen++
	m.enter(s, Starting)
	m.do(s, Action{Kind: Spawn})
}
