package supervisor

import (
	"supervise/config"
	"supervise/internal/sys"
	"supervise/signals"
	"supervise/signals/send"
	"supervise/supervisor/attribution"
	"supervise/supervisor/control/request"
	"supervise/supervisor/journal"
	"supervise/supervisor/kernel"
	"supervise/supervisor/logger"
	"supervise/supervisor/machine"
)

// predict says what a signal that is about to be sent can do to a main process, and in which
// state that is. known is false if there is none, or its state cannot be read.
func (s *Supervisor) predict(pid int, signal signals.Signal) (effect machine.Effect, before sys.SignalState, known bool) {
	if pid == 0 {
		return machine.NoEffect, before, false
	}
	before, err := s.kernel.SignalState(pid)
	if err != nil {
		return machine.Blocked, before, false
	}
	return attribution.Predict(signal, before), before, true
}

// leader is the pid of a service's main process, 0 if there is none. It may be reaped already, and
// the machine is about to hear of that: then its pid may be anybody's.
func (s *Supervisor) leader(service *service) int {
	if pid := int(s.machine.View(service.id).PID); s.leaders[pid] == service {
		return pid
	}
	return 0
}

// send sends a signal to the processes of a service: a rung of its ladder, or one that
// somebody asked for. If nobody is left to take a rung, that is not an error: the service
// is about to be down then.
func (s *Supervisor) send(action *machine.Action) {
	service := s.services[action.Service]
	pid, at := s.leader(service), s.kernel.Now()
	effect := machine.NoEffect
	switch {
	case !attribution.Ends(action.Signal): // SIGCONT, which follows each rung, does not: it is not worth a look
	case action.Ticket == 0 && action.Signal != signals.SIGKILL && s.kernel.Recording():
		effect = machine.Caught // it may be: what it has done will be recorded, which is more certain than a look at /proc before
	default:
		effect, _, _ = s.predict(pid, action.Signal)
	}
	count, err := service.system.Signal(pid, action.Scope, action.Signal)
	sending := attribution.Sending{Reason: attribution.Rung, Effect: effect, At: at}
	if action.Ticket != 0 {
		sending.Reason, sending.By = attribution.Asked, s.journal.By(action.Origin, service.name())
	}
	if count > 0 {
		service.ledger.Sent(action.Signal, sending)
	}
	if action.Ticket != 0 {
		s.result(kernel.Signalled(action, count, err))
		return
	}
	if err != nil {
		s.log.Error().Err(err).Str(logger.Service, service.name()).Stringer("signal", action.Signal).Msg("cannot signal all of its processes")
	}
	if action.Signal != signals.SIGCONT {
		number, entry := s.journal.Add(journal.Entry{Action: action, PID: pid}), s.journal.Present()
		line := logger.Line(&s.log, s.names, number, entry)
		if action.Scope == config.Tree {
			line = line.Int("count", count)
		}
		logger.Finish(line, entry)
	}
}

// deliver passes a signal on to a main process.
func (s *Supervisor) deliver(action *machine.Action) {
	service := s.services[action.Service]
	view := s.machine.View(service.id)
	result, pid, at := send.Gone, s.leader(service), s.kernel.Now()
	effect, before, known := s.predict(pid, action.Info.Signal)
	if pid != 0 && view.Gen == action.Gen {
		result = service.system.Deliver(pid, action.Info)
	}
	switch result {
	case send.OK:
		by := s.askerOf(action, action.Info)
		entry := s.journal.Add(journal.Entry{Action: action, PID: pid, By: by})
		if by == (machine.Asker{}) {
			by = s.names.Asker(action.Info) // such as the kernel, which is no process
		}
		service.ledger.Sent(action.Info.Signal, attribution.Sending{By: by, Effect: effect, At: at, Entry: entry})
		if known {
			s.observeOutcome(action, pid, before)
		}
	case send.Again:
		if s.held.set != 0 {
			s.takeInHeld(service, pid, action.Info.Signal)
		}
	case send.Gone, send.Refused:
	}
	s.result(machine.Event{
		Kind: machine.Sent, Service: action.Service, Gen: action.Gen, Ticket: action.Ticket, Result: kernel.ResultOf(result),
	})
}

// askerOf is who asked for what an action does with a signal, or sent that. A signal that was
// held and led to nothing else has no entry in the journal: the siginfo still has the process,
// without its name.
func (s *Supervisor) askerOf(action *machine.Action, info signals.Info) machine.Asker {
	by := s.journal.By(action.Origin, s.Name(action.Service))
	if sender := s.names.Asker(info); by == (machine.Asker{}) && sender.Known() {
		return sender
	}
	return by
}

// observeOutcome finds out what a main process does with a signal, if a call waits for that.
func (s *Supervisor) observeOutcome(action *machine.Action, pid int, before sys.SignalState) {
	if !s.calls.Expects(action.Service, action.Ticket) {
		return
	}
	after, err := s.kernel.SignalState(pid)
	if err != nil {
		after = sys.SignalState{}
	}
	outcome := attribution.OutcomeOf(action.Info.Signal, before, after)
	s.calls.Delivered(action.Service, action.Ticket, request.Outcome{OK: true, Result: outcome.Result(), Text: outcome.String()})
}

// takeInHeld resolves a deadlock. RLIMIT_SIGPENDING counts the signals that are pending for
// all processes of a user. So the signals that we leave in the kernel may be the very ones
// that leave no room for a service of the same user. If the service itself has none of this
// number pending, ours are taken in, beyond the limit of its queue.
func (s *Supervisor) takeInHeld(service *service, pid int, signal signals.Signal) {
	state, err := s.kernel.SignalState(pid)
	if err != nil || (state.Pending | state.Shared).Has(signal) {
		s.kernel.Hold(s.held.set)
		return
	}
	s.kernel.Release(s.held.set)
	if !s.held.overdrawn {
		s.held.overdrawn = true
		s.log.Warn().Str(logger.Service, service.name()).Uint64("pending", state.Queued).Uint64("limit", state.Limit).
			Msg("signals that wait for supervise fill the pending signals of its user: more are taken in than the queue's limit allows")
	}
}

// kill sends SIGKILL to all processes of a service.
func (s *Supervisor) kill(action *machine.Action) {
	service := s.services[action.Service]
	pid, at := s.leader(service), s.kernel.Now()
	s.record(journal.Entry{Action: action, PID: pid})
	effect, _, _ := s.predict(pid, signals.SIGKILL)
	service.ledger.Sent(signals.SIGKILL, attribution.Sending{Reason: attribution.LadderEnd, Effect: effect, At: at})
	if err := service.system.Kill(pid); err != nil {
		s.log.Error().Err(err).Str(logger.Service, service.name()).Msg("cannot kill all of its processes")
	}
}

// inspect answers what a signal would do to a main process.
func (s *Supervisor) inspect(action *machine.Action) {
	effect, _, known := s.predict(s.leader(s.services[action.Service]), action.Signal)
	if !known {
		effect = machine.Blocked
	}
	s.result(machine.Event{
		Kind: machine.Inspected, Service: action.Service, Gen: action.Gen, Ticket: action.Ticket, Effect: effect,
	})
}
