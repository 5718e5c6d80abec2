package supervisor

import (
	"supervise/supervisor/control"
	"supervise/supervisor/control/request"
	"supervise/supervisor/machine"
)

// maxCalls is how many calls are answered before other things are looked at.
const maxCalls = 32

// openControl lets others command us, and see what there is. That it does not work is no
// reason not to supervise. The services' own FIFOs come when they have been started.
func (s *Supervisor) openControl() {
	group := -1
	if name := s.file.Control.Group; name != "" {
		gid, err := lookupGroup(name)
		if err != nil {
			s.log.Error().Err(err).Msg("no control: commands cannot be taken")
			return
		}
		group = int(gid)
	}
	s.openBoard(group)
	s.arrange()
	server, left, err := control.Open(control.Options{
		Dir: s.dir.Root(), Mode: s.file.Control.Mode, Group: group,
		Wake: s.in.Wake, Answer: s.window.answer,
		Report: func(source string, err error) {
			s.log.Warn().Err(err).Str("source", source).Msg("a command is refused, or could not be taken")
		},
	})
	if err != nil {
		s.log.Error().Err(err).Msg("no control: commands cannot be taken")
		return
	}
	if left != (control.Leftovers{}) {
		s.log.Warn().Int("queues", left.Queues).Int("fifos", left.FIFOs).
			Msg("cleaned up after an earlier supervise in this runtime directory that was killed")
	}
	s.control = server
}

// serve answers what has been asked.
func (s *Supervisor) serve() {
	if s.control == nil {
		return
	}
	for range maxCalls {
		call, ended, ok := s.control.Take()
		switch {
		case !ok:
			return
		case ended:
			s.forget(call)
		default:
			s.answer(call)
		}
	}
	s.in.Wake() // there may be more
}

// answer does what one call asks for.
func (s *Supervisor) answer(call *control.Call) {
	s.asking = asker{origin: call.Origin}
	if changes(call.Request) {
		s.asking.who = processOf(call.Origin.PID)
	}
	defer func() { s.asking = asker{} }()
	switch r := call.Request.(type) {
	case request.Ping, request.Status:
		s.show()
		s.window.tell(call, true)
	case request.Wait:
		s.answerWait(call, r)
	case request.Events:
		s.answerEvents(call, r)
	case request.Why:
		s.answerWhy(call, r)
	case request.Logs:
		s.answerLogs(call, r)
	case request.Start:
		s.command(call, r.Target, r.Await, wishUp(r.Once))
	case request.Stop:
		s.command(call, r.Target, r.Await, wishDown)
	case request.Restart:
		s.command(call, r.Target, r.Await, wishAnew)
	case request.Reload:
		s.each(call, r.Target, s.reload)
	case request.Pause:
		s.each(call, r.Target, s.pause)
	case request.Continue:
		s.each(call, r.Target, s.resume)
	case request.Signal:
		s.answerSignal(call, r)
	case request.Update:
		s.update(call, r)
	case request.Shutdown:
		s.answerShutdown(call, r)
	default:
		call.Fail(request.NotSupported, "this supervise does not know "+call.Request.Verb())
	}
}

// reply answers a call for good. Who is told of something that has changed, and then looks,
// is to see it.
func (s *Supervisor) reply(call *control.Call, r *request.Reply) {
	s.show()
	call.Reply(r)
}

// changes reports whether a request may change something, so that it will matter who made
// it. To find that out takes some time.
func changes(r request.Request) bool {
	switch r.(type) {
	case request.Ping, request.Status, request.Wait, request.Events, request.Why, request.Logs:
		return false
	}
	return true
}

func (s *Supervisor) answerShutdown(call *control.Call, r request.Shutdown) {
	kind := machine.Shutdown
	if r.Now {
		kind = machine.ShutdownNow
	}
	s.dispatch(machine.Event{Kind: kind})
	s.reply(call, &request.Reply{Supervisor: s.self(), Text: "shutting down"})
}

// find returns the services that are meant. It answers the call if there is one that does
// not exist.
func (s *Supervisor) find(call *control.Call, target request.Target) (found []*service, ok bool) {
	if target.All {
		return s.listed(), true
	}
	var unknown []string
	for _, name := range target.Services {
		if service := s.byName[name]; service != nil {
			found = append(found, service)
		} else {
			unknown = append(unknown, name)
		}
	}
	if unknown != nil {
		call.Fail(request.UnknownService, noService(unknown))
		return nil, false
	}
	return found, true
}

func (s *Supervisor) findOne(call *control.Call, name string) (*service, bool) {
	found, ok := s.find(call, request.Target{Services: []string{name}})
	if !ok {
		return nil, false
	}
	return found[0], true
}
