package machine

import (
	"time"

	"supervise/config"
	"supervise/signals"
)

// State is what is there of a service. The package documentation explains each.
type State uint8

// The states.
const (
	Stopped State = iota
	Waiting
	Starting
	Running
	Done
	Stopping
	Clearing
	Backoff
	Failed
	Removed

	numStates = iota
)

// atRest reports whether a service in this state changes only when it is told to, or when
// another one does, with nothing of it left.
func (s State) atRest() bool {
	switch s {
	case Stopped, Waiting, Done, Failed, Removed:
		return true
	case Starting, Running, Stopping, Clearing, Backoff:
		return false
	}
	return false
}

// hasLeader reports whether there is a main process that has not been reaped.
func (s State) hasLeader() bool {
	switch s {
	case Running, Stopping:
		return true
	case Stopped, Waiting, Starting, Done, Clearing, Backoff, Failed, Removed:
		return false
	}
	return false
}

// climbing reports whether a ladder is under way.
func (s State) climbing() bool {
	switch s {
	case Stopping, Clearing:
		return true
	case Stopped, Waiting, Starting, Running, Done, Backoff, Failed, Removed:
		return false
	}
	return false
}

// Wanted is what the last command wants of a service.
type Wanted uint8

// What can be wanted. Absent is Down, and then Removed.
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
	ready    timer // until when it must run to be ready, if anybody waits for that
	remnant  timer // until when the core of Remnant may take
	outbox   outbox
	place
}

// Lifecycle is the state of a service, and its history as far as that matters. All times are
// on the clock of Step's now.
type Lifecycle struct {
	State    State
	Since    time.Duration // when it entered State
	Origin   EventID       // what State goes back to
	Wanted   Wanted
	WantedBy EventID // the command that Wanted goes back to
	Once     bool    // its policy must not start it again

	Gen     Gen
	PID     int32 // of the leader; 0 when there is none
	Started time.Duration
	Ran     bool // a generation of it has been alive
	Paused  bool // by a command

	Exit     signals.Exit  // of the last leader
	Exited   bool          // there was one
	ExitedAt time.Duration // when it was reaped
	Up       time.Duration // how long it lived
	Unasked  bool          // nobody asked for its end, so the policy decides what follows

	Surveys    int    // that were asked for since it ended, while the ladder waits for them
	Told       bool   // the present leader was sent a signal by command or as a forwarded one
	Background string // what the last leader has left in the background, "" for nothing

	Completed bool   // it is Stopped because its work is done
	Unspawned bool   // the last generation could not be spawned
	Delay     string // why Starting takes so long, "" as long as it does not

	// Remnant is the leader of this generation or of an earlier one, if the kernel still
	// writes its core: the service goes on without it. 0 for none.
	Remnant int32 `json:",omitempty"`

	// As far as the services matter that it needs, and that need it:
	Due     bool   `json:",omitempty"` // it is to start: when the command that says so is decided as a whole
	Cycling bool   `json:",omitempty"` // it is to be stopped and started again, when nobody that needs it is left
	Stale   bool   `json:",omitempty"` // one that it wants to be restarted with has begun anew
	Ready   bool   `json:",omitempty"` // the running one can do its work; only known where others need it
	Reached bool   `json:",omitempty"` // it has been ready once
	Yielded bool   `json:",omitempty"` // it is stopped for the sake of another one, not by command
	Awaits  string `json:",omitempty"` // for whom it waits, as was told: those that must be up first, or gone first

	Ladder   Ladder
	Restarts Restarts
	Requests []Request // those that wait for an answer from the kernel, in order
}

// want records what the present event wants of the service. Only an Update can change Absent
// to something else.
func (m *Machine) want(s *service, wanted Wanted) {
	if s.Wanted != Absent {
		s.Wanted = wanted
	}
	s.WantedBy = m.seq
	m.touch(s)
}

// wantDown is want for events that stop a service.
func (m *Machine) wantDown(s *service) {
	if m.kind == Remove {
		m.want(s, Absent)
	} else {
		m.want(s, Down)
	}
}

// wantUp is want for commands that start a service. They also reset the count of restarts, and
// say whether there may be any.
func (m *Machine) wantUp(s *service) {
	m.want(s, Up)
	s.Once, s.Yielded = m.onceFor(s), false
	s.Restarts.forget()
}

// onceFor reports whether the present command is to start this service but once, and not those
// that it needs.
func (m *Machine) onceFor(s *service) bool { return m.event.Once && m.event.Service == s.id }

// enter changes the state, and clears the old state's deadline. A ladder keeps the rungs with
// which it begins, whatever an Update says later.
func (m *Machine) enter(s *service, to State) {
	from := s.State
	m.timers.clear(&s.deadline)
	s.Awaits = ""
	if from == Running {
		m.noteReached(s)
		m.timers.clear(&s.ready)
		s.Ready, s.Cycling = false, false
	}
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
	m.touch(s)
}

// rest leaves a service down that is not wanted up.
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
	s.Completed, s.Unspawned, s.Delay = false, false, ""
	s.Due, s.Stale, s.Yielded = false, false, false
	m.outdate(s)
	m.enter(s, Starting)
	m.do(s, Action{Kind: Spawn})
}
