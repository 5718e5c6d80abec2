package supervisor

import (
	"time"

	"supervise/config"
	"supervise/internal/sys"
	"supervise/signals/recorder"
	"supervise/supervisor/attribution"
	"supervise/supervisor/control/request"
	"supervise/supervisor/crashes"
	"supervise/supervisor/kernel"
	"supervise/supervisor/lastlines"
	"supervise/supervisor/machine"
	"supervise/supervisor/snapshot"
	"supervise/supervisor/status"
)

// service is what the loop keeps of one service beside the machine's state.
type service struct {
	id      machine.ServiceID
	spec    *config.Service
	system  kernel.Service
	ledger  attribution.Ledger   // signals sent to its main process
	verdict *attribution.Verdict // on how the last main process ended
	removed bool                 // by an update
	crashes crashes.Crashes      // what is told of cores of its processes
	seen    recorder.Memory      // the last signals to its processes
	tail    lastlines.Tail       // what its main processes wrote before their ends
	failed  status.Unstarted     // why the last start has failed, if it has
}

func (s *service) name() string { return s.spec.Name }

// The following methods are those of calls.Services.

// Find returns the service with a name.
func (s *Supervisor) Find(name string) (machine.ServiceID, bool) {
	if service := s.byName[name]; service != nil {
		return service.id, true
	}
	return machine.NoService, false
}

// All returns the services in the order in which status lists them.
func (s *Supervisor) All() []machine.ServiceID {
	ids := make([]machine.ServiceID, 0, len(s.byName))
	for _, service := range s.services {
		if !service.removed {
			ids = append(ids, service.id)
		}
	}
	return ids
}

// Name is the name of a service, "" for NoService.
func (s *Supervisor) Name(id machine.ServiceID) string {
	if id < 0 || int(id) >= len(s.services) {
		return ""
	}
	return s.services[id].name()
}

// View is what the machine knows about it.
func (s *Supervisor) View(id machine.ServiceID) machine.View { return s.machine.View(id) }

// Paused reports whether a command has paused it.
func (s *Supervisor) Paused(id machine.ServiceID) bool { return s.machine.View(id).Paused }

// Stopped reports whether its main process is stopped by a signal.
func (s *Supervisor) Stopped(id machine.ServiceID) bool {
	state, ok := s.observe(id)
	return ok && state.Stopped
}

// observe reads the state of a main process from /proc; ok is false when there is none. Its
// pid cannot be reused before the loop has reaped it.
func (s *Supervisor) observe(id machine.ServiceID) (state sys.SignalState, ok bool) {
	pid := s.leader(s.services[id])
	if pid == 0 {
		return state, false
	}
	state, err := s.kernel.SignalState(pid)
	return state, err == nil
}

// LastOutcome says how its last main process ended, or why it could not be started, and
// what followed.
func (s *Supervisor) LastOutcome(id machine.ServiceID) string {
	return s.journal.LastOutcome(s.Name(id))
}

// LastLines are those that its last main process wrote, and whether they were read already.
func (s *Supervisor) LastLines(id machine.ServiceID) (lines []string, read bool) {
	return s.services[id].tail.Lines()
}

// UpAfter is how long it must have run before it is said to be up.
func (s *Supervisor) UpAfter(id machine.ServiceID) time.Duration { return s.services[id].spec.UpAfter }

// Status is its status, with what /proc says now.
func (s *Supervisor) Status(id machine.ServiceID) status.Service {
	described := s.describe(s.services[id])
	if state, ok := s.observe(id); ok {
		described.Observe(state, s.self.PID)
	}
	return described
}

// describe is the status of a service without what /proc says.
func (s *Supervisor) describe(service *service) status.Service {
	known := snapshot.Known{Verdict: *service.verdict, Crash: service.crashes.Last(), Lines: service.tail.Text(), Unstarted: service.failed}
	return snapshot.Describe(service.name(), s.machine.View(service.id), known, s.self.Since.UnixNano())
}

// supervisor describes us to clients.
func (s *Supervisor) supervisor() *request.Supervisor {
	self := s.self
	self.File, self.Stopping = s.file.Path, s.machine.ShuttingDown()
	return &self
}
