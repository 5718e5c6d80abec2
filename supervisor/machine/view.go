package machine

import (
	"time"

	"supervise/config"
	"supervise/signals"
	"supervise/signals/queue"
)

// View is what others may know about a service. All times are on the clock of Step's now.
type View struct {
	State  State
	Since  time.Duration // when State began
	Origin EventID       // what State goes back to; 0 when nothing has happened yet
	Wanted Wanted
	Ready  bool // it can do its work, as far as others wait for that
	Type   config.Type
	Once   bool   // by command, its policy will not start it again
	Gen    Gen    // the last one, 0 if there was none
	PID    int32  // of the leader, 0 when there is none
	Awaits string // names of those that must be up before it starts, or be down before it stops; "" for none
	Stuck  bool   // it is Waiting for one that is not on its way up
	Paused bool   // a command has stopped all of it; whether it still is, /proc says
	Delay  string // why Starting takes so long, "" as long as it does not

	Remnant int32 // a former leader whose core is still being written, 0 for none

	Timed       bool          // State ends by itself, at Deadline: the rung, or the wait for the next start
	Deadline    time.Duration // 0 unless Timed
	NextRestart time.Duration // Deadline in Backoff; 0 in every other state
	Rung        int           // of the ladder under way, from 1; Rungs + 1 is SIGKILL; 0 when there is none
	Rungs       int           // of the ladder under way, or of the next one; without SIGKILL

	Exited   bool          // a leader has ended
	Exit     signals.Exit  // how the last one ended
	ExitedAt time.Duration // when it ended
	Up       time.Duration // how long it lived
	Restarts int           // by policy and after failed spawns, since New
	Row      int           // restarts in a row by policy

	Held    int          // signals that wait for the leader, or for the next one
	Holding bool         // the intake of its real-time signals is held
	Queue   queue.Counts // of its real-time signals that had to wait
}

// Len is the number of ids, including those of removed services.
func (m *Machine) Len() int { return len(m.services) }

// View returns the view of a service. One that never existed is Removed. It does not allocate.
func (m *Machine) View(id ServiceID) View {
	if !m.has(id) {
		return View{State: Removed}
	}
	s := m.services[id]
	v := View{
		State: s.State, Since: s.Since, Origin: s.Origin, Wanted: s.Wanted, Ready: s.Ready, Type: s.spec.Type, Awaits: s.Awaits, Stuck: s.stalled, Once: s.Once, Gen: s.Gen, PID: s.PID, Remnant: s.Remnant, Paused: s.Paused, Delay: s.Delay,
		Timed: s.deadline.set(), Rungs: len(s.spec.Stop.Ladder),
		Exited: s.Exited, Exit: s.Exit, ExitedAt: s.ExitedAt, Up: s.Up,
		Restarts: s.Restarts.Total, Row: s.Restarts.Row,
		Held: s.outbox.waiting(), Holding: s.outbox.holding, Queue: s.outbox.realtime.Counts(),
	}
	if v.Timed {
		v.Deadline = s.deadline.at
	}
	switch {
	case s.State == Backoff:
		v.NextRestart = s.deadline.at
	case s.State.climbing():
		v.Rung, v.Rungs = s.Ladder.Rung+1, s.lastRung()
	}
	return v
}

// Find returns the id of the service with this name, and false if there is none.
func (m *Machine) Find(name string) (ServiceID, bool) {
	id, ok := m.names[name]
	return id, ok
}

// Targets are the services that a signal is forwarded to, unless a rule says otherwise. They
// are the machine's, and good until the next Step.
func (m *Machine) Targets(signal signals.Signal) []ServiceID {
	if !signal.Valid() {
		return nil
	}
	return m.targets[signal]
}

// has reports whether there is, or was, a service with this id.
func (m *Machine) has(id ServiceID) bool { return id >= 0 && int(id) < len(m.services) }

// Origin returns the event that the state of a service goes back to, 0 for none.
func (m *Machine) Origin(id ServiceID) EventID {
	if !m.has(id) {
		return 0
	}
	return m.services[id].Origin
}

// Steps is the number of the last event.
func (m *Machine) Steps() EventID { return m.seq }

// Left is how many services are not down, and how many have left a former leader whose core is
// being written.
func (m *Machine) Left() int { return m.active + m.remnants }

// ShuttingDown reports whether a shutdown has begun, or is over: nothing will be started any
// more.
func (m *Machine) ShuttingDown() bool { return m.shutdown.origin != 0 }
