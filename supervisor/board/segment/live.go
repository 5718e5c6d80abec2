package segment

import (
	"strconv"

	"supervise/internal/sys"
)

// running is the state, by machine.State, in which a main process that is stopped by a
// signal makes the service a paused one.
const running = "running"

// Live is [View.Load] and, if there is a main process, what /proc says of it now: how many
// signals are queued for its user, and whether it is stopped, whoever did that. ok is false
// when there is nothing more than Load has: the slot is torn, the process has ended and the
// owner does not know yet, or it is not the owner's child. One that has got its pid since is
// none.
func (v View) Live(i int, s *Slot) (ok bool) {
	v.Load(i, s)
	for range tries {
		pid := s.PID
		if pid == 0 || s.Torn {
			return !s.Torn
		}
		state, err := sys.ReadSignalState(strconv.Itoa(int(pid)))
		if v.Load(i, s); s.PID != pid {
			continue
		}
		if s.Torn || err != nil || state.Ended || state.Parent != v.owner().PID {
			return false
		}
		s.SigQUsed, s.SigQLimit = state.Queued, state.Limit
		s.Ready = s.State == running && !state.Stopped
		s.Paused = s.State == running && state.Stopped
		return true
	}
	return false
}
