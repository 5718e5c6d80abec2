package sim

import (
	"slices"

	"supervise/config"
	"supervise/signals"
	"supervise/supervisor/machine"
)

// interfere lets somebody else act: an operator, another process, or the system.
func (w *world) interfere() {
	id := w.somebody()
	s := &w.services[id]
	switch w.random.IntN(31) {
	case 0:
		w.feed(machine.Event{Kind: machine.Start, Service: id, Once: w.chance(4)})
		w.startAll()
	case 1:
		if w.chance(3) { // a little rarer, or nothing would ever be up
			w.feed(machine.Event{Kind: machine.Stop, Service: id})
		}
	case 2:
		w.feed(machine.Event{Kind: machine.Restart, Service: id, Once: w.chance(8)})
	case 3:
		w.strike(id, config.Main, signals.SIGKILL)
	case 4:
		w.strike(id, config.Scope(w.random.IntN(3)), signals.SIGSTOP)
	case 5:
		w.strike(id, config.Tree, signals.SIGCONT)
	case 6:
		w.strike(id, config.Group, signals.SIGTERM)
	case 24, 25:
		w.post(id)
	case 26:
		if w.loading || w.chance(3) {
			w.load()
		}
	case 27:
		w.receive(commanding[w.random.IntN(len(commanding))])
	case 28:
		w.feed(machine.Event{Kind: machine.Reload, Service: id, By: machine.Asker{PID: 3}})
	case 29:
		w.feed(machine.Event{Kind: machine.Pause, Service: id})
	case 30:
		w.feed(machine.Event{Kind: machine.Continue, Service: id})
	case 23:
		s.crashes = w.chance(3)
	case 7:
		s.missing = w.chance(6)
	case 8:
		if w.old.Kind != machine.Boot { // something that has been said already
			w.feed(w.old)
		}
	case 9:
		w.feed(machine.Event{Kind: machine.Tick})
	case 10:
		w.receive([]signals.Signal{signals.SIGUSR2, signals.SIGALRM, signals.SIGPIPE}[w.random.IntN(3)])
	case 11, 12:
		w.receive(forwarded[w.random.IntN(3)])
	default:
		for range w.random.IntN(8) {
			w.receive(forwarded[3+w.random.IntN(len(forwarded)-3)])
		}
	}
}

// somebody picks a service, now and then one that is no more.
func (w *world) somebody() machine.ServiceID {
	id := w.random.IntN(len(w.services))
	for range 10 {
		if w.services[id].state != machine.Removed || w.chance(8) {
			break
		}
		id = w.random.IntN(len(w.services))
	}
	return machine.ServiceID(id)
}

// startAll is an operator who wants to see everything up.
func (w *world) startAll() {
	for i := range w.services {
		if state := w.services[i].state; state == machine.Stopped || state == machine.Failed {
			w.feed(machine.Event{Kind: machine.Start, Service: machine.ServiceID(i)})
		}
	}
}

// strike sends a signal from outside, as any process may.
func (w *world) strike(id machine.ServiceID, scope config.Scope, s signals.Signal) {
	t := w.services[id].tree
	if t.gone() || t.reaped && scope != config.Tree {
		return
	}
	w.signal(id, t, scope, s)
}

// post is a signal for one service by command: any that there is.
func (w *world) post(id machine.ServiceID) {
	for range 1 + w.random.IntN(3) {
		s := forwarded[w.random.IntN(len(forwarded))]
		if w.chance(4) {
			s = signals.Signal(1 + w.random.IntN(int(signals.Max)))
		}
		info := signals.Info{Signal: s, Code: signals.CodeQueue, PID: 2, Value: uint64(w.steps)}
		ev := machine.Event{Kind: machine.Post, Service: id, Info: info}
		if w.chance(4) {
			ev.Scope = config.Scope(w.random.IntN(3))
		}
		w.feed(ev)
	}
}

// receive is a signal to the supervisor. What is held stays in the kernel, in order,
// but for a few that the supervisor had taken in before it was told to hold.
func (w *world) receive(s signals.Signal) {
	info := signals.Info{Signal: s, Code: signals.CodeQueue, PID: 1, Value: uint64(w.steps)}
	if slices.Contains(commanding, s) {
		info.Value = uint64(w.random.IntN(maxServices + 1))
	}
	if w.held.Has(s) {
		if w.taken == 0 || len(w.intake[s]) > 0 {
			w.intake[s] = append(w.intake[s], info)
			return
		}
		w.taken--
	}
	w.feed(machine.Event{Kind: machine.Signal, Info: info})
	w.drain()
}

// drain takes in what had been held and is no longer, the lowest number first, as the
// kernel hands it out.
func (w *world) drain() {
	for s := range w.intake {
		for len(w.intake[s]) > 0 && !w.held.Has(signals.Signal(s)) && w.err == nil {
			info := w.intake[s][0]
			w.intake[s] = w.intake[s][1:]
			w.feed(machine.Event{Kind: machine.Signal, Info: info})
		}
	}
}
