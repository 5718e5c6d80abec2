package supervisor

import (
	"supervise/supervisor/journal"
	"supervise/supervisor/kernel"
	"supervise/supervisor/launch"
	"supervise/supervisor/machine"
	"supervise/supervisor/status"
)

// spawn begins all starts of a step at once. Their results are events like any others: what
// the kernel holds up, on a file system that does not answer, say, holds up nobody else.
func (s *Supervisor) spawn() {
	actions := s.pending.starts
	s.pending.starts = nil
	if len(actions) == 0 {
		return
	}
	starts := make([]kernel.Start, len(actions))
	for i := range actions {
		starts[i] = s.start(s.services[actions[i].Service], actions[i].Gen)
	}
	s.pending.booting += len(starts)
	s.pending.starting = true
	s.kernel.Start(starts)
	s.pending.starting = false
}

func (s *Supervisor) start(service *service, gen machine.Gen) kernel.Start {
	event := machine.Event{Service: service.id, Gen: gen}
	delayed := false
	return kernel.Start{
		Service: service.system, Gen: gen,
		Ended: func(started kernel.Started) {
			if !delayed {
				s.pending.booting--
			}
			if result := s.spawned(service, event, started); s.pending.starting {
				s.result(result)
			} else {
				s.dispatch(result)
			}
		},
		Delayed: func(reason string) {
			delayed = true
			s.pending.booting--
			service.failed = status.Unstarted{Obstacle: status.TakesLong, Text: "it waits at " + reason}
			event := event
			event.Kind, event.Reason = machine.Delayed, reason
			s.dispatch(event)
		},
	}
}

// spawned records the result of a start, and returns the event about it.
func (s *Supervisor) spawned(service *service, event machine.Event, started kernel.Started) machine.Event {
	service.failed = launch.Unstarted(started.Err)
	if started.Err != nil {
		event.Kind, event.Permanent, event.Reason = machine.SpawnFailed, !started.Temporary, started.Err.Error()
		return event
	}
	service.ledger.Reset()
	s.leaders[started.PID] = service
	event.Kind, event.PID = machine.Spawned, int32(started.PID)
	return event
}

// giveUpStart ends a start that has no result yet.
func (s *Supervisor) giveUpStart(action *machine.Action) {
	s.record(journal.Entry{Action: action})
	s.services[action.Service].system.GiveUpStart()
}

// bootIfStarted begins to take commands by FIFO when what is to be started at the start has
// been, but for what takes long.
func (s *Supervisor) bootIfStarted() {
	if s.pending.booted == nil || s.pending.booting > 0 {
		return
	}
	booted := s.pending.booted
	s.pending.booted = nil
	s.listFIFOs()
	if s.commands != nil {
		s.commands.Then(booted)
	} else {
		booted()
	}
}
