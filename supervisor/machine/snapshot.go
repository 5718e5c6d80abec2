package machine

import (
	"time"

	"supervise/signals"
	"supervise/signals/queue"
)

// Status is what is to be known of a service at one moment. All times are on the
// clock of Step's now.
type Status struct {
	State    State
	Wanted   Wanted
	Since    time.Duration // when it entered State
	Origin   EventID       // what State goes back to; 0 when nothing has happened yet
	Gen      Gen           // the last one, 0 if there was none
	PID      int32         // of the leader, 0 when there is none
	Deadline time.Duration // when State ends by itself: the rung, or the wait for the next start
	Timed    bool          // it has a Deadline
	Rung     int           // of Rungs, while Stopping or Clearing; Rungs itself is SIGKILL
	Rungs    int

	Restarts int          // by policy and after failed spawns, since New
	Row      int          // restarts in a row by policy
	Exit     signals.Exit // of the last leader
	Exited   bool         // there was one that ended

	Waiting int          // signals held or queued
	Holding bool         // it has the intake of its real-time signals held
	Queue   queue.Counts // of its real-time signals that did not get through at once
}

// Len is how many services there are.
func (m *Machine) Len() int { return len(m.services) }

// Status returns what is to be known of a service, and false if there is none.
func (m *Machine) Status(id ServiceID) (Status, bool) {
	if id < 0 || int(id) >= len(m.services) {
		return Status{}, false
	}
	s := &m.services[id]
	status := Status{
		State: s.state, Wanted: s.wanted, Since: s.since, Origin: s.origin,
		Gen: s.gen, PID: s.pid, Timed: s.deadline.set(),
		Rungs:    s.lastRung(),
		Restarts: s.restarts.total, Row: s.restarts.row,
		Exit: s.exit, Exited: s.exited,
		Waiting: s.outbox.waiting(), Holding: s.outbox.holding, Queue: s.outbox.realtime.Counts(),
	}
	if status.Timed {
		status.Deadline = s.deadline.at
	}
	if s.state.climbing() {
		status.Rung = s.ladder.rung
	}
	return status, true
}

// Snapshot appends the status of every service to buf, in the order of their ids.
func (m *Machine) Snapshot(buf []Status) []Status {
	for i := range m.services {
		status, _ := m.Status(ServiceID(i))
		buf = append(buf, status)
	}
	return buf
}
