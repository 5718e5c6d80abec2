package segment

import (
	"supervise/internal/sys"
	"supervise/supervisor/status"
)

// Live reads slot i into a copy, and from that a service, of which the texts stay there: see
// [status.Slot.View]. If there is a main process it adds what /proc says of it now: how many
// signals are queued for its user, and whether it is stopped, whoever did that. It is not
// complete if a table could not have all of it, or nothing can be said of the main process: it
// has ended and the owner does not know yet, or it is not the owner's child, as no process is
// that got its pid since. The memory is to read a file of /proc into.
func (v View) Live(i int, content *status.Slot, s *status.Service, memory []byte) (complete bool) {
	whole := v.Read(i, content)
	content.View(s)
	for range tries {
		pid := s.PID
		if pid == 0 || !whole {
			return whole && content.ForTable()
		}
		process, ok := sys.SignalStateIn(pid, memory)
		whole = v.Read(i, content)
		if content.View(s); s.PID != pid {
			continue
		}
		return ok && whole && s.Observe(process, v.owner().PID) && content.ForTable()
	}
	return false
}
