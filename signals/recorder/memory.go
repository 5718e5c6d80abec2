package recorder

import (
	"time"

	"supervise/signals"
)

// Size is how many signals a [Memory] keeps.
const Size = 16

// Memory keeps the last signals of one service, those that are the same as one. The zero value is
// empty.
type Memory struct {
	last []Seen // the oldest first
}

// Seen is one signal, or several that are the same but for their times and values.
type Seen struct {
	Signal
	Count int // Time is that of the last one

	// Others is, of what Ended returns as before, how many such signals the process had handled in the
	// minute before that: its handler may have been at work on one of them.
	Others int

	over bool // the process has ended
}

// Take adds a signal. Of one that the OOM killer sent it is told after the signal itself.
func (m *Memory) Take(s *Signal) {
	if s.OOM {
		m.markOOM(s)
		return
	}
	if last := m.latest(); last != nil && last.same(s) {
		last.Time = s.Time
		last.Count++
		return
	}
	if len(m.last) == Size {
		m.last = append(m.last[:0], m.last[1:]...)
	}
	m.last = append(m.last, Seen{Signal: *s, Count: 1})
}

// latest is the last one, nil if there is none.
func (m *Memory) latest() *Seen {
	if len(m.last) == 0 {
		return nil
	}
	return &m.last[len(m.last)-1]
}

// same reports whether a signal is told as one with another.
func (s *Seen) same(other *Signal) bool {
	return !s.over && s.Signal.Signal == other.Signal && s.Target == other.Target && s.Sender == other.Sender && s.Cause() == other.Cause() &&
		s.Fate() == other.Fate() && s.Code == other.Code
}

// markOOM makes the OOM killer the cause of the kernel's last SIGKILL to a process. One that was
// ending already when it was chosen has none.
func (m *Memory) markOOM(mark *Signal) {
	for i := len(m.last) - 1; i >= 0; i-- {
		if s := &m.last[i]; s.Target == mark.Target && !s.over && s.Signal.Signal == signals.SIGKILL {
			s.OOM = s.OOM || s.Code == signals.CodeKernel && s.Result == Queued
			return
		}
	}
}

// Last are the signals that are kept, the oldest first. They are valid until the next Take.
func (m *Memory) Last() []Seen { return m.last }

// Ended takes note of the end of a process, and returns the signal that it has died of, nil if none
// was recorded: the last one that it had no handler for. If it has sent that itself, as a handler does that
// has cleaned up, before is the one of another process that it had handled, nil if there was none. Both
// are valid until the next Take. With signal 0 it has died of none.
func (m *Memory) Ended(pid int, signal signals.Signal) (killer, before *Seen) {
	for i := len(m.last) - 1; i >= 0; i-- {
		s := &m.last[i]
		if int(s.Target) != pid || s.over {
			continue
		}
		s.over = true // from now on the pid may be another's
		switch {
		case s.Signal.Signal != signal:
		case killer == nil && (s.Fate() == Ends || s.Fate() == Waits):
			killer = s
		case killer == nil || killer.Cause() != FromItself || s.Fate() != Handled || s.Cause() != FromProcess:
		case before == nil:
			before = s
			before.Others = s.Count - 1
		case s.Time+uint64(time.Minute) > before.Time:
			before.Others += s.Count
		}
	}
	return killer, before
}
