package supervisor

import (
	"strconv"
	"strings"
	"time"

	"supervise/internal/sys"
	"supervise/signals"
	"supervise/signals/send"
	"supervise/supervisor/control"
	"supervise/supervisor/control/request"
	"supervise/supervisor/machine"
)

// wish is a command that wants a service up, down or anew.
type wish struct {
	event   machine.Event
	reached func(before machine.View) func(*Supervisor, *service) (request.Outcome, bool)
}

var (
	wishDown = wish{machine.Event{Kind: machine.Stop}, stopped}
	wishAnew = wish{machine.Event{Kind: machine.Restart}, restarted}
)

func wishUp(once bool) wish { return wish{machine.Event{Kind: machine.Start, Once: once}, started} }

// command wants all the services meant to be as a wish says. It is accepted in any state.
func (s *Supervisor) command(call *control.Call, target request.Target, await bool, w wish) {
	found, ok := s.find(call, target)
	if !ok {
		return
	}
	if s.machine.ShuttingDown() && w.event.Kind != machine.Stop {
		call.Fail(request.Refused, "cannot "+w.event.Kind.String()+" anything: a shutdown has begun")
		return
	}
	waiting := waiter{call: call}
	for _, service := range found {
		waiting.goals = append(waiting.goals, goal{service: service, reached: w.reached(s.machine.View(service.id))})
		event := w.event
		event.Service = service.id
		s.dispatch(event)
	}
	if !await {
		s.reply(call, &request.Reply{Text: w.event.Kind.String() + " accepted"})
		return
	}
	s.waiters = append(s.waiters, waiting)
}

// started is the goal of start: it runs, or it is known why it does not.
func started(before machine.View) func(*Supervisor, *service) (request.Outcome, bool) {
	return func(s *Supervisor, service *service) (request.Outcome, bool) {
		view := s.machine.View(service.id)
		switch view.State {
		case machine.Running:
			return s.isUp(service, before.Gen == view.Gen), true
		case machine.Stopped:
			if view.Gen > before.Gen {
				return request.Outcome{OK: true, Result: "ended", Text: "has ended: " + view.Exit.String()}, true
			}
			return s.why(service, "down"), true
		case machine.Failed, machine.Backoff:
			return s.why(service, view.State.String()), true
		}
		return request.Outcome{}, false
	}
}

// stopped is the goal of stop: nothing of it is left.
func stopped(before machine.View) func(*Supervisor, *service) (request.Outcome, bool) {
	return func(s *Supervisor, service *service) (request.Outcome, bool) {
		view := s.machine.View(service.id)
		switch {
		case view.State == machine.Stopped && before.State == machine.Stopped:
			return request.Outcome{OK: true, Result: "down", Text: "was down already"}, true
		case view.State == machine.Stopped && before.PID != 0:
			return request.Outcome{OK: true, Result: "down", Text: "is down: " + view.Exit.String()}, true
		case view.State == machine.Stopped, view.State == machine.Removed:
			return request.Outcome{OK: true, Result: "down", Text: "is down"}, true
		case view.Wanted == machine.Up:
			return request.Outcome{Result: view.State.String(), Text: "was started again in the meantime"}, true
		}
		return request.Outcome{}, false
	}
}

// restarted is the goal of restart: a new generation runs.
func restarted(before machine.View) func(*Supervisor, *service) (request.Outcome, bool) {
	return func(s *Supervisor, service *service) (request.Outcome, bool) {
		view := s.machine.View(service.id)
		switch view.State {
		case machine.Running:
			return s.isUp(service, false), view.Gen > before.Gen
		case machine.Stopped, machine.Failed, machine.Backoff:
			return s.why(service, view.State.String()), true
		}
		return request.Outcome{}, false
	}
}

func (s *Supervisor) isUp(service *service, already bool) request.Outcome {
	text := "is up, pid " + strconv.Itoa(service.pid)
	if already {
		text = "was up already, pid " + strconv.Itoa(service.pid)
	}
	if service.paused {
		text += ", and is paused"
	}
	return request.Outcome{OK: true, Result: "up", Text: text}
}

// why is the outcome of what has not come true: of what has failed how it did, else the
// last that happened.
func (s *Supervisor) why(service *service, result string) request.Outcome {
	text := "is " + result
	switch s.machine.View(service.id).State {
	case machine.Failed, machine.Backoff:
		return request.Outcome{Result: result, Text: text + ": " + service.fate}
	}
	var last []string
	for _, e := range s.journal.Last([]string{service.name()}, 2) {
		if e.Service == service.name() {
			last = append(last, e.Text)
		}
	}
	if last != nil {
		text += ": " + strings.Join(last, "; ")
	}
	return request.Outcome{Result: result, Text: text}
}

// showsWithin is how long is waited for something to show in /proc.
const showsWithin = 2 * time.Second

// each does something to all the services meant, and waits until it shows.
func (s *Supervisor) each(call *control.Call, target request.Target, do func(*service) goal) {
	found, ok := s.find(call, target)
	if !ok {
		return
	}
	waiting := waiter{call: call, deadline: s.now() + showsWithin}
	for _, service := range found {
		waiting.goals = append(waiting.goals, do(service))
	}
	s.waiters = append(s.waiters, waiting)
}

// known is a goal whose outcome is known.
func known(service *service, outcome request.Outcome) goal {
	return goal{service: service, outcome: outcome, done: true}
}

func notRunning(service *service) goal {
	return known(service, request.Outcome{Result: "down", Text: "does not run"})
}

// reload has a service read its own configuration again.
func (s *Supervisor) reload(service *service) goal {
	signal := service.spec.Reload
	if service.pid == 0 {
		return notRunning(service)
	}
	state, err := sys.ReadSignalState(strconv.Itoa(service.pid))
	if err == nil && !state.Caught.Has(signal) && !state.Blocked.Has(signal) && !state.Ignored.Has(signal) &&
		signal.Default() != signals.Ignore && signal.Default() != signals.Continue {
		return known(service, request.Outcome{
			Result: "refused", Text: "does not catch " + signal.String() + " and would end by it: set `reload` in its configuration, or restart it",
		})
	}
	return known(service, s.post(service, s.asking.info(signal, nil)))
}

// pause stops all processes of a service where they are.
func (s *Supervisor) pause(service *service) goal {
	return s.halt(service, signals.SIGSTOP, true)
}

// resume has them go on.
func (s *Supervisor) resume(service *service) goal {
	return s.halt(service, signals.SIGCONT, false)
}

func (s *Supervisor) halt(target *service, signal signals.Signal, paused bool) goal {
	if target.pid == 0 {
		return notRunning(target)
	}
	sent, err := target.tree.Signal(signal)
	switch {
	case err != nil:
		return known(target, request.Outcome{Result: "refused", Text: err.Error()})
	case sent == 0:
		return known(target, request.Outcome{Result: "refused", Text: "none of its processes could be sent " + signal.String()})
	}
	target.paused = paused
	s.touch(target.id)
	s.note(target, signal.String()+" sent to "+processes(sent))
	return goal{service: target, reached: func(s *Supervisor, service *service) (request.Outcome, bool) {
		stat, err := sys.ReadStat(service.pid)
		switch {
		case err != nil || service.pid == 0:
			return request.Outcome{Result: "down", Text: "has ended"}, true
		case (stat.State == 'T') != paused:
			return request.Outcome{}, false
		case paused:
			return request.Outcome{OK: true, Result: "paused", Text: "is paused: " + processes(sent) + " stopped"}, true
		}
		return request.Outcome{OK: true, Result: "up", Text: "goes on"}, true
	}}
}

func processes(n int) string {
	if n == 1 {
		return "1 process"
	}
	return strconv.Itoa(n) + " processes"
}

// answerSignal sends a signal and says what became of it.
func (s *Supervisor) answerSignal(call *control.Call, r request.Signal) {
	service, ok := s.findOne(call, r.Service)
	if !ok {
		return
	}
	var outcome request.Outcome
	switch info := s.asking.info(r.Signal, r.Value); r.Scope {
	case request.Group, request.Tree:
		outcome = s.strike(service, info, r.Scope)
	default:
		outcome = s.post(service, info)
	}
	outcome.Service = service.name()
	s.reply(call, &request.Reply{Outcomes: []request.Outcome{outcome}})
}

// strike sends a signal to the group or the tree of a service.
func (s *Supervisor) strike(service *service, info signals.Info, scope request.Scope) request.Outcome {
	b := blow{by: s.asking.who, text: "asked for by " + s.asking.String(), at: s.now(), force: service.aim(info.Signal)}
	if scope == request.Group {
		if service.pid == 0 {
			return notRunning(service).outcome
		}
		if result := send.Group(service.pid, info.Signal); result != send.OK {
			return request.Outcome{Result: "refused", Text: result.String()}
		}
		service.struck(info.Signal, b)
		service.traced(info.Signal, s.note(service, info.Signal.String()+" sent to its process group"))
		return request.Outcome{OK: true, Result: "delivered", Text: "sent to its process group"}
	}
	sent, err := service.tree.Signal(info.Signal)
	switch {
	case err != nil:
		return request.Outcome{Result: "refused", Text: err.Error()}
	case sent == 0:
		return notRunning(service).outcome
	}
	service.struck(info.Signal, b)
	service.traced(info.Signal, s.note(service, info.Signal.String()+" sent to "+processes(sent)))
	return request.Outcome{OK: true, Result: "delivered", Text: "sent to " + processes(sent)}
}
