package segment

import (
	"strconv"

	"supervise/internal/sys"
	"supervise/supervisor/status"
)

// Live is [View.Load] and, if there is a main process, what /proc says of it now: how many
// signals are queued for its user, and whether it is stopped, whoever did that. It is not
// complete either if nothing can be said of the main process: it has ended and the owner
// does not know yet, or it is not the owner's child, as no process is that got its pid since.
func (v View) Live(i int, s *status.Service) (complete bool) {
	complete, whole := v.load(i, s)
	for range tries {
		pid := s.PID
		if pid == 0 || !whole {
			return complete
		}
		process, err := sys.ReadSignalState(strconv.Itoa(pid))
		if complete, whole = v.load(i, s); s.PID != pid {
			continue
		}
		return err == nil && whole && s.Observe(process, v.owner().PID) && complete
	}
	return false
}
