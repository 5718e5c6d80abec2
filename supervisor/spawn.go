package supervisor

import (
	"supervise/supervisor/kernel"
	"supervise/supervisor/launch"
	"supervise/supervisor/machine"
)

// spawn carries out all starts of a step at once. The loop waits for them, so that nothing
// else can happen meanwhile, an exit above all.
func (s *Supervisor) spawn() {
	actions := s.pending.starts
	s.pending.starts = nil
	if len(actions) == 0 {
		return
	}
	starts := make([]kernel.Start, len(actions))
	for i, a := range actions {
		starts[i] = kernel.Start{Service: s.services[a.Service].system, Gen: a.Gen}
	}
	for i, started := range s.kernel.Start(starts) {
		s.result(s.spawned(s.services[actions[i].Service], actions[i].Gen, started))
	}
}

// spawned records the result of a start, and returns the event about it.
func (s *Supervisor) spawned(service *service, gen machine.Gen, started kernel.Started) machine.Event {
	service.failed = launch.Unstarted(started.Err)
	if started.Err != nil {
		return machine.Event{
			Kind: machine.SpawnFailed, Service: service.id, Gen: gen,
			Permanent: !started.Temporary, Reason: started.Err.Error(),
		}
	}
	service.ledger.Reset()
	s.leaders[started.PID] = service
	return machine.Event{Kind: machine.Spawned, Service: service.id, Gen: gen, PID: int32(started.PID)}
}
