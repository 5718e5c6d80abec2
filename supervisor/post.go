package supervisor

import (
	"strconv"

	"supervise/internal/sys"
	"supervise/signals"
	"supervise/signals/send"
	"supervise/supervisor/control/request"
	"supervise/supervisor/journal"
	"supervise/supervisor/machine"
)

// watch is a signal whose way is watched while it is dispatched.
type watch struct {
	ticket machine.Ticket
	sent   bool
	result send.Result
	note   machine.Note // what the machine had to say of it, if told
	told   bool
}

// post sends a signal to the main process of a service, behind those that wait for it, and
// says what became of it, as far as /proc shows it before and after.
func (s *Supervisor) post(service *service, info signals.Info) request.Outcome {
	pid := strconv.Itoa(service.pid)
	before, beforeErr := sys.ReadSignalState(pid)
	s.senders.arrived(info, s.now())
	s.watch = &watch{ticket: s.machine.Steps() + 1}
	s.dispatch(machine.Event{Kind: machine.Post, Service: service.id, Info: info})
	w := s.watch
	s.watch = nil
	signal := info.Signal
	switch {
	case w.sent && w.result == send.OK && beforeErr == nil:
		after, err := sys.ReadSignalState(pid)
		stat, _ := sys.ReadStat(service.pid)
		return becameOf(signal, before, after, err == nil, stat.State == 'T')
	case w.sent && w.result == send.OK:
		return request.Outcome{OK: true, Result: "delivered", Text: "delivered"}
	case w.told && w.note.Kind == machine.Coalesced:
		return request.Outcome{OK: true, Result: "coalesced", Text: "one is held for it already: the two are one"}
	case w.told && w.note.Kind == machine.Dropped:
		return request.Outcome{Result: "refused", Text: "lost: " + w.note.Why.String()}
	}
	held := s.machine.View(service.id).Held
	return request.Outcome{OK: true, Result: "held", Text: "held in the queue, where " + strconv.Itoa(held) + " wait for it"}
}

// becameOf says what a process does with a signal that the kernel has taken.
func becameOf(signal signals.Signal, before, after sys.SignalState, alive, stopped bool) request.Outcome {
	outcome := func(result, text string) request.Outcome {
		return request.Outcome{OK: true, Result: result, Text: text}
	}
	pending := before.Pending | before.Shared
	switch {
	case !signal.Catchable():
		return outcome("delivered", "delivered: "+signal.String()+" cannot be caught, blocked or ignored")
	case before.Ignored.Has(signal):
		return outcome("ignored", "the process ignores "+signal.String()+": nothing happens")
	case !signal.RealTime() && pending.Has(signal):
		return outcome("coalesced", "one was pending already: the two are one")
	case before.Blocked.Has(signal) && alive && (after.Pending | after.Shared).Has(signal):
		return outcome("pending", "the main thread blocks it: it is pending until that changes")
	case stopped && (after.Pending | after.Shared).Has(signal):
		return outcome("pending", "the process is stopped: it is pending until it goes on")
	case before.Caught.Has(signal):
		return outcome("delivered", "delivered to its handler")
	case before.Blocked.Has(signal):
		return outcome("delivered", "delivered to who waits for it")
	}
	return outcome("delivered", "delivered: it has no handler, so that the default action is taken: "+signal.Default().String())
}

// note puts a line about a service that was asked for into the journal and the log.
func (s *Supervisor) note(service *service, text string) (entry uint64) {
	entry = s.add(journal.Entry{
		Service: service.name(), Kind: "command", PID: service.pid, By: s.asking.who, Cause: s.asking.entry,
		Text: text + ", asked for by " + s.asking.String(),
	}, 0)
	s.log.Info().Str(serviceField, service.name()).Str("by", s.asking.String()).Uint64(eventField, entry).Msg(text)
	return entry
}
