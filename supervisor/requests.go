package supervisor

import (
	"os"
	"strconv"

	"supervise/config"
	"supervise/signals"
	"supervise/supervisor/calls"
	"supervise/supervisor/control"
	"supervise/supervisor/control/request"
	"supervise/supervisor/journal"
	"supervise/supervisor/machine"
	"supervise/supervisor/status"
)

// Commands is where the calls of clients come from. A [*control.Server] is one.
type Commands interface {
	// Take returns the next call, or, with ended, one whose client has gone; false if there
	// is none.
	Take() (call *control.Call, ended, ok bool)
	// SetServices gives each service that is named a FIFO of its own.
	SetServices(names []string)
	// Then calls f, on another goroutine, when that is done.
	Then(f func())
}

// maxCalls is how many calls are answered in one iteration.
const maxCalls = 32

// serve answers the calls that have come in.
func (s *Supervisor) serve() {
	if s.commands == nil {
		return
	}
	for range maxCalls {
		call, ended, ok := s.commands.Take()
		switch {
		case !ok:
			return
		case ended:
			s.calls.Drop(call)
		default:
			s.answer(call)
		}
	}
	s.kernel.Wake() // there may be more
}

// answer does what a call asks for. Changes are published before it is answered: a client
// must never get a status older than something it has already seen.
func (s *Supervisor) answer(call *control.Call) {
	switch r := call.Request.(type) {
	case request.Ping, request.Status:
		s.publishSnapshots()
		s.snapshots.AnswerOnLoop(call, r)
	case request.Wait:
		s.calls.WaitFor(call, r, s.kernel.Now())
	case request.Events:
		s.publishSnapshots()
		s.calls.Events(call, r)
	case request.Why:
		s.answerWhy(call, r)
	case request.Logs:
		s.answerLogs(call, r)
	case request.Start:
		s.command(call, r.Target, r.Await, machine.Event{Kind: machine.Start, Once: r.Once}, calls.Started)
	case request.Stop:
		s.command(call, r.Target, r.Await, machine.Event{Kind: machine.Stop}, calls.Stopped)
	case request.Restart:
		s.command(call, r.Target, r.Await, machine.Event{Kind: machine.Restart}, calls.Restarted)
	case request.Reload:
		s.command(call, r.Target, true, machine.Event{Kind: machine.Reload}, calls.Reported)
	case request.Pause:
		s.command(call, r.Target, true, machine.Event{Kind: machine.Pause}, calls.Paused)
	case request.Continue:
		s.command(call, r.Target, true, machine.Event{Kind: machine.Continue}, calls.Continued)
	case request.Signal:
		s.answerSignal(call, r)
	case request.Reopen:
		s.answerReopen(call, r)
	case request.Update:
		s.answerUpdate(call, r)
	case request.Shutdown:
		s.answerShutdown(call, r)
	default:
		call.Fail(request.NotSupported, "this supervise does not know "+call.Request.Verb())
	}
}

// asker is who makes a call: a process, if it lives, or did when the call came. To find that
// out takes some time, and is left to those calls that may change something.
func (s *Supervisor) asker(call *control.Call) machine.Asker {
	if by := call.Origin.By; by.Known() {
		return by
	}
	by, alive := s.kernel.Process(call.Origin.PID)
	if !alive {
		by.Source = call.Origin.String()
	}
	return by
}

// command hands an event to the machine for each service that is meant. It is accepted in
// any state, unless a shutdown has begun.
func (s *Supervisor) command(call *control.Call, target request.Target, await bool, event machine.Event, condition calls.Condition) {
	found, ok := s.calls.Find(call, target)
	if !ok {
		return
	}
	if s.machine.ShuttingDown() && (event.Kind == machine.Start || event.Kind == machine.Restart) {
		call.Fail(request.Refused, "cannot "+event.Kind.String()+" anything: a shutdown has begun")
		return
	}
	if event.Kind != machine.Post {
		event.By = s.asker(call)
		event.Info = s.senderOf(event.By)
	}
	var waiting *calls.Wait
	if await {
		waiting = s.calls.Await(call, condition, s.kernel.Now())
	}
	for i, id := range found {
		if await {
			waiting.Add(id, s.machine.Steps()+1)
		}
		event.Service, event.More = id, i < len(found)-1
		s.dispatch(event)
	}
	if !await {
		s.reply(call, &request.Reply{Text: event.Kind.String() + " accepted"})
	}
}

// senderOf is a siginfo whose sender is who asks for a signal, or the supervisor for those
// who are no process that is known.
func (s *Supervisor) senderOf(by machine.Asker) signals.Info {
	if by.Known() {
		return signals.Info{PID: by.PID, UID: by.UID}
	}
	return signals.Info{PID: int32(s.self.PID), UID: uint32(os.Getuid())}
}

// answerSignal sends a signal and says what became of it.
func (s *Supervisor) answerSignal(call *control.Call, r request.Signal) {
	by := s.asker(call)
	info := s.senderOf(by)
	info.Signal = r.Signal
	if r.Value != nil {
		info.Code, info.Value = signals.CodeQueue, uint64(*r.Value)
	}
	event := machine.Event{Kind: machine.Post, By: by, Info: info, Scope: r.Scope}
	s.command(call, request.Target{Services: []string{r.Service}}, true, event, calls.Reported)
}

func (s *Supervisor) answerShutdown(call *control.Call, r request.Shutdown) {
	kind := machine.Shutdown
	if r.Now {
		kind = machine.ShutdownNow
	}
	s.dispatch(machine.Event{Kind: kind, By: s.asker(call)})
	s.reply(call, &request.Reply{Supervisor: s.supervisor(), Text: "shutting down"})
}

func (s *Supervisor) answerWhy(call *control.Call, r request.Why) {
	if id, ok := s.calls.FindOne(call, r.Service); ok {
		var starting machine.EventID
		if view := s.machine.View(id); view.State == machine.Starting {
			starting = view.Origin
		}
		lost := s.recorded()
		events, lines := s.services[id].tail.Why(s.journal, r.Service, starting)
		state, _ := s.observe(id)
		events = s.journal.WithRecorded(events, r.Service, s.services[id].seen.Last(), journal.RecordedOptions{
			Now: s.kernel.Now(), Lost: lost, Self: s.self.PID, Main: s.leader(s.services[id]), Pending: state.Pending | state.Shared,
		})
		s.reply(call, &request.Reply{Services: []status.Service{s.Status(id)}, Events: events, Lines: lines})
	}
}

func (s *Supervisor) answerLogs(call *control.Call, r request.Logs) {
	names := request.Names(r)
	ids, ok := s.calls.Find(call, request.Target{Services: names, All: len(names) == 0})
	if !ok {
		return
	}
	r.Service, r.Services = "", nil
	added := make(map[machine.ServiceID]bool, len(ids)) // a name may be there twice
	for _, id := range ids {
		spec := s.services[id].spec
		switch direct := spec.Log.Mode == config.Inherit; {
		case direct && len(names) > 0:
			call.Fail(request.NotSupported, "service "+strconv.Quote(spec.Name)+" writes to the output of supervise itself (log.mode is inherit)")
			return
		case !direct && !added[id]:
			r.Services, added[id] = append(r.Services, spec.Name), true
		}
	}
	s.calls.Lines(call, r)
}

// reply answers a call for good.
func (s *Supervisor) reply(call *control.Call, r *request.Reply) {
	s.publishSnapshots()
	call.Reply(r)
}
