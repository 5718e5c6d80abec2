package supervisor

import (
	"supervise/config"
	"supervise/signals/recorder"
	"supervise/supervisor/host"
)

// booted does what can wait until what is to be started at the start has been. It may be called
// on any goroutine.
func (r *run) booted() {
	host.EndBulkStart()
	if r.options.File.Supervisor.Recorder == config.RecorderAuto {
		r.host.Record(func(text string) { r.log.Debug().Msg(text) })
	}
}

// recorded takes what was recorded of signals to processes of services, and returns how many
// were lost so far.
func (s *Supervisor) recorded() (lost uint64) {
	return s.kernel.Recorded(func(r *recorder.Signal) {
		if r.Sender.Service == "" && s.leaders[int(r.Sender.PID)] != nil {
			r.Sender.Service = s.leaders[int(r.Sender.PID)].name()
		}
		if service := s.target(r); service != nil {
			service.seen.Take(r)
		}
	})
}

// target is the service whose process a signal was sent to, nil if it is none's.
func (s *Supervisor) target(r *recorder.Signal) *service {
	for _, pid := range []int32{r.Target, r.Root} {
		if service := s.leaders[int(pid)]; service != nil {
			return service
		}
	}
	return s.byName[r.Service]
}
