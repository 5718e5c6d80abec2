package supervisor

import (
	"time"

	"supervise/internal/sys"
)

// orphans counts reaped children that were neither a service's main process nor a hook.
type orphans struct {
	total int  // since the start
	told  int  // how many of them the log has told of
	later bool // the next line about them has to wait

	lookAgain bool // survivors are looked for again in a moment
}

// orphansEvery is how often it is told at the most how many orphans were reaped. To leave
// some behind is what many programs do all the time.
const orphansEvery = time.Hour

func (s *Supervisor) orphanEnded(child sys.Child) {
	s.orphans.total++
	if line := s.log.Debug(); line != nil {
		line.Int("pid", child.PID).Uint32("uid", child.UID).Msg("reaped an orphan: " + child.Exit.String())
	}
}

// tellOrphans tells of the first ones at once, and then of how many have come since.
func (s *Supervisor) tellOrphans() {
	o := &s.orphans
	if o.total == o.told || o.later {
		return
	}
	line := s.log.Info().Int("count", o.total-o.told)
	if o.told > 0 {
		line = line.Int("total", o.total)
	}
	line.Msg("reaped processes that services had left behind; further ones are counted, and told once an hour")
	o.told, o.later = o.total, true
	s.kernel.Later(orphansEvery, func() {
		o.later = false
		s.tellOrphans()
	})
}
