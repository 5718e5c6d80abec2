package supervisor

import (
	"strconv"
	"time"

	"supervise/config"
	"supervise/internal/sys"
	"supervise/signals"
	"supervise/signals/send"
	"supervise/supervisor/journal"
	"supervise/supervisor/logs"
	"supervise/supervisor/machine"
)

// carryOut does what the machine has decided.
func (s *Supervisor) carryOut(action machine.Action) {
	switch action.Kind {
	case machine.Tell:
		s.tell(action)
	case machine.Spawn:
		s.starts = append(s.starts, action)
	case machine.Send:
		s.send(action)
	case machine.Deliver:
		s.deliver(action)
	case machine.Kill:
		s.kill(action)
	case machine.Hold:
		s.held |= action.Set
		s.in.Hold(action.Set)
	case machine.Release:
		s.held &^= action.Set
		s.in.Release(action.Set)
	case machine.Finish:
		s.finished = true
	}
}

// drainGrace is how long the report of a service's last lines waits for a stuck
// destination.
const drainGrace = time.Second

// drain has everything read that the last generation wrote.
func (s *Supervisor) drain(service *service) {
	if service.source == nil || service.ended {
		return
	}
	service.ended = true
	source := service.source
	source.Drain(drainGrace, func(d logs.Drained) {
		s.mailbox.post(func() {
			if service.source != source {
				return // there is a newer generation
			}
			service.drain = &d
			if service.report {
				s.tellTail(service)
			}
		})
	})
}

// send carries out one rung of a ladder. That nobody is there to take it is no failure:
// what counts is the end, which is on its way then.
func (s *Supervisor) send(action machine.Action) {
	service, scope, signal := s.services[action.Service], action.Scope, action.Signal
	if signal == signals.SIGCONT && service.paused {
		// All of it was paused: a main process may wait for one of its workers.
		scope, service.paused = config.Tree, false
	}
	force, at := service.aim(signal), s.now()
	result, count := send.Gone, 0
	switch {
	case scope == config.Tree:
		var err error
		if count, err = service.tree.Signal(signal); err != nil {
			s.log.Error().Err(err).Str(serviceField, service.name()).Msg("cannot find all of its processes")
		}
	case service.pid == 0:
	case scope == config.Group:
		result = send.Group(service.pid, signal)
	default:
		result = send.Process(service.pid, signal)
	}
	if result == send.OK || count > 0 {
		service.struck(signal, blow{text: "a rung of its ladder", rung: true, at: at, force: force})
	}
	if result == send.Refused {
		s.log.Error().Str(serviceField, service.name()).Stringer("signal", signal).Msg("cannot signal it: " + result.String())
	}
	if signal != signals.SIGCONT {
		s.tellSent(action, count)
	}
}

// tellSent tells of one rung of a ladder.
func (s *Supervisor) tellSent(action machine.Action, count int) {
	service, scope, signal := s.services[action.Service], action.Scope, action.Signal
	whom := "its main process"
	switch scope {
	case config.Group:
		whom = "its process group"
	case config.Tree:
		whom = "all of its processes"
	}
	line := s.log.Info().Str(serviceField, service.name()).Stringer("signal", signal)
	if scope == config.Tree {
		line = line.Int("count", count)
	} else {
		line = line.Int("pid", service.pid)
	}
	text := "to stop it: sent " + signal.String() + " to " + whom
	number := s.record(action, journal.Entry{Kind: action.Kind.String(), PID: service.pid, Text: text})
	line.Uint64(eventField, number).Msg(text)
}

func (s *Supervisor) deliver(action machine.Action) {
	service := s.services[action.Service]
	result, by := send.Gone, s.senders.process(action.Info)
	force, at := service.aim(action.Info.Signal), s.now()
	if service.pid != 0 && service.gen == action.Gen {
		result = send.Info(service.pid, action.Info)
	}
	if w := s.watch; w != nil && w.ticket == action.Ticket {
		w.sent, w.result = true, result
	}
	if result == send.OK {
		asker := s.askerOf(action.Origin)
		service.struck(action.Info.Signal, blow{by: by, text: "asked for by " + asker, at: at, force: force})
		service.traced(action.Info.Signal, s.record(action, journal.Entry{
			Kind: action.Kind.String(), PID: service.pid, By: by,
			Text: "sent " + action.Info.Signal.String() + s.fromWhom(action.Info, asker),
		}))
	}
	if result == send.Again && s.held != 0 {
		s.unblock(service, action.Info.Signal)
	}
	s.result(machine.Event{
		Kind: machine.Sent, Service: action.Service, Gen: action.Gen, Ticket: action.Ticket,
		Result: map[send.Result]machine.Result{
			send.OK: machine.OK, send.Again: machine.Again, send.Gone: machine.Gone, send.Refused: machine.Refused,
		}[result],
	})
}

// unblock keeps held signals from holding up each other for ever. RLIMIT_SIGPENDING counts
// what is pending for all processes of a user, so that signals that wait for us in the
// kernel can be the very ones that leave a service of the same user no room. If the
// service itself has none of the number pending, ours are let in in spite of the limit of
// its queue.
func (s *Supervisor) unblock(service *service, signal signals.Signal) {
	state, err := sys.ReadSignalState(strconv.Itoa(service.pid))
	if err != nil || (state.Pending | state.Shared).Has(signal) {
		s.in.Hold(s.held)
		return
	}
	s.in.Release(s.held)
	if !s.borrowed {
		s.borrowed = true
		s.log.Warn().Str(serviceField, service.name()).Uint64("pending", state.Queued).Uint64("limit", state.Limit).
			Msg("signals that wait for supervise fill the pending signals of its user: more are taken in than the queue's limit allows")
	}
}

func (s *Supervisor) kill(action machine.Action) {
	service := s.services[action.Service]
	const text = "killing all of its processes (SIGKILL)"
	number := s.record(action, journal.Entry{Kind: action.Kind.String(), PID: service.pid, Text: text})
	s.log.Warn().Str(serviceField, service.name()).Uint64(eventField, number).Msg(text)
	b := blow{text: "the end of its ladder", rung: true, at: s.now(), force: service.aim(signals.SIGKILL)}
	if service.pid != 0 {
		send.Process(service.pid, signals.SIGKILL)
		service.struck(signals.SIGKILL, b)
	}
	if err := service.tree.Kill(); err != nil {
		s.log.Error().Err(err).Str(serviceField, service.name()).Msg("cannot kill all of its processes")
	}
}
