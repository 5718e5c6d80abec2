package supervisor

import (
	"time"

	"supervise/internal/sys"
)

// orphans counts the children that were reaped and are no service's main process.
type orphans struct {
	count int  // since the last line about them
	later bool // the next line about them has to wait

	lookAgain bool // survivors are looked for again in a moment
}

// orphansEvery is how often it is told at the most how many orphans were reaped.
const orphansEvery = time.Second

func (s *Supervisor) orphanEnded(child sys.Child) {
	s.orphans.count++
	if line := s.log.Debug(); line != nil {
		line.Int("pid", child.PID).Uint32("uid", child.UID).Msg("reaped an orphan: " + child.Exit.String())
	}
}

// tellOrphans sums up, so that ten thousand of them are one line.
func (s *Supervisor) tellOrphans() {
	if s.orphans.count == 0 || s.orphans.later {
		return
	}
	s.log.Info().Int("count", s.orphans.count).Msg("reaped processes that services had left behind")
	s.orphans.count, s.orphans.later = 0, true
	s.kernel.Later(orphansEvery, func() {
		s.orphans.later = false
		s.tellOrphans()
	})
}
