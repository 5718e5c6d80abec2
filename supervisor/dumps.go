package supervisor

import (
	"supervise/coredump/order"
	"supervise/signals"
	"supervise/supervisor/crashes"
	"supervise/supervisor/journal"
	"supervise/supervisor/kernel"
	"supervise/supervisor/logger"
	"supervise/supervisor/machine"
	"supervise/supervisor/process/tree"
)

// lookForDumps answers whether the core of a process of the service is being written.
func (s *Supervisor) lookForDumps(action *machine.Action) {
	service := s.services[action.Service]
	members, err := service.system.Members()
	if err != nil {
		s.log.Debug().Err(err).Str(logger.Service, service.name()).Msg("cannot tell whether a core is being written")
	}
	dumping := crashes.Dumping(members, s.kernel.SignalState)
	s.result(machine.Event{
		Kind: machine.DumpsSeen, Service: action.Service, Gen: action.Gen, Count: len(dumping),
		Reason: tree.Names(dumping, nil),
	})
}

// Crashed takes what is told of a process that has crashed.
func (s *Supervisor) Crashed(c kernel.Crash) {
	service := s.byName[c.Service]
	if service == nil {
		if text := crashes.Stranger(&c); text != "" {
			s.log.Info().Int("pid", c.PID).Msg(text)
		}
		return
	}
	var main crashes.Main
	if s.leaders[c.PID] == service {
		main = crashes.Main{PID: c.PID, Gen: s.machine.View(service.id).Gen}
	}
	service.crashes.Identify(&c, main)
	switch {
	case c.Stage != order.Released:
		if service.crashes.Take(c, main, s.crashLog(service)) {
			s.touch(service.id)
		}
	case c.Report != nil && main == crashes.Main{PID: c.PID, Gen: c.Gen}:
		s.released(service, &c)
	}
}

// crashLog is where crashes of a service are told.
func (s *Supervisor) crashLog(service *service) crashes.Log {
	return crashes.Log{Service: service.name(), Journal: s.journal, Record: s.recordFact}
}

// released lets a service go on whose main process has crashed, while its core is still being
// written. Where that cannot be it goes on when the process is reaped.
func (s *Supervisor) released(service *service, c *kernel.Crash) {
	signal, err := signals.Parse(c.Report.Signal)
	if err != nil || !s.machine.CanLeave(service.id) {
		return
	}
	if state, err := s.kernel.SignalState(c.PID); err != nil || !state.Dumping {
		return // it ends just now
	}
	if err := service.system.SetAside(c.PID); err != nil {
		s.log.Debug().Err(err).Str(logger.Service, service.name()).Msg("it is not started again before its core is written")
		return
	}
	s.leaving.remnants.Add(service.id, c)
	s.recorded()
	delete(s.leaders, c.PID)
	s.leaderEnded(service, c.PID, signals.Exit{Signal: signal, Core: true}, true)
}

// remnantEnded reports whether a child that was reaped was a former main process.
func (s *Supervisor) remnantEnded(pid int) bool {
	event, ok := s.leaving.remnants.Ended(pid)
	if ok {
		s.dispatch(event)
	}
	return ok
}

// killRemnant ends a former main process, whose core takes too long.
func (s *Supervisor) killRemnant(action *machine.Action) {
	if pid := int(action.PID); s.leaving.remnants.Has(pid) {
		s.record(journal.Entry{Action: action, PID: pid})
		s.kernel.KillAside(pid)
	}
}
