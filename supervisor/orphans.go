package supervisor

import (
	"time"

	"supervise/internal/sys"
)

// orphans counts reaped children that were neither a service's main process nor a hook.
type orphans struct {
	count int  // since the last line about them
	later bool // there has just been a line
}

// orphansEvery is the least time between two lines about orphans.
const orphansEvery = time.Second

func (s *Supervisor) orphanEnded(child sys.Child) {
	s.orphans.count++
	if line := s.log.Debug(); line != nil {
		line.Int("pid", child.PID).Uint32("uid", child.UID).Msg("reaped an orphan: " + child.Exit.String())
	}
}

// tellOrphans logs how many there were, so that ten thousand of them are one line.
func (s *Supervisor) tellOrphans() {
	if s.orphans.count == 0 || s.orphans.later {
		return
	}
	s.log.Info().Int("count", s.orphans.count).Msg("reaped processes that services had left behind")
	s.orphans = orphans{later: true}
	s.kernel.Later(orphansEvery, func() {
		s.orphans.later = false
		s.tellOrphans()
	})
}
