package recorder

import "supervise/signals"

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
	m.last = append(m.last, Seen{*s, 1})
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
	return s.Signal.Signal == other.Signal && s.Target == other.Target && s.Sender == other.Sender && s.Cause() == other.Cause() &&
		s.Fate() == other.Fate() && s.Code == other.Code
}

// markOOM makes the OOM killer the cause of the kernel's last SIGKILL to a process. One that was
// ending already when it was chosen has none.
func (m *Memory) markOOM(mark *Signal) {
	for i := len(m.last) - 1; i >= 0; i-- {
		if s := &m.last[i]; s.Target == mark.Target && s.Signal.Signal == signals.SIGKILL {
			s.OOM = s.OOM || s.Code == signals.CodeKernel && s.Result == Queued
			return
		}
	}
}

// Last are the signals that are kept, the oldest first. They are valid until the next Take.
func (m *Memory) Last() []Seen { return m.last }

// Killer is the signal that a process has died of: the last one that was queued. It is false if
// none was recorded.
func (m *Memory) Killer(pid int, signal signals.Signal) (Seen, bool) {
	for i := len(m.last) - 1; i >= 0; i-- {
		s := &m.last[i]
		if int(s.Target) == pid && s.Signal.Signal == signal && (s.Result == Queued || s.Result == InfoLost) {
			return *s, true
		}
	}
	return Seen{}, false
}

// Before is the signal of another process that came before a process sent itself the same one, as
// it does in a handler that cleans up: the sender that matters. It is false if there is none.
func (m *Memory) Before(killer *Seen) (Seen, bool) {
	if killer.Cause() != FromItself {
		return Seen{}, false
	}
	for i := len(m.last) - 1; i >= 0; i-- {
		s := &m.last[i]
		if s.Target == killer.Target && s.Signal.Signal == killer.Signal.Signal && s.Fate() == Handled && s.Cause() == FromProcess {
			return *s, true
		}
	}
	return Seen{}, false
}
