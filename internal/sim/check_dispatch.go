package sim

import (
	"slices"
	"time"

	"supervise/signals"
	"supervise/supervisor/machine"
)

// dispatch is what the loop has to do with the machine's actions, and has to tell it.
type dispatch struct {
	actions  fifo[machine.Action] // of the present step, that the fake kernel will see, in their order
	results  fifo[machine.Event]  // that are to be dispatched, in their order
	looks    fifo[machine.Event]  // answers to whether a core is being written
	exits    fifo[*process]       // leaders that were reaped and of whose end nothing was told yet
	remnants fifo[*process]       // the same of former leaders
	askers   []machine.Asker      // who asked, by step
	signal   bool                 // Wait has returned one
	reaped   bool                 // in this iteration
	again    machine.ActionKind   // Hold or Release: what is due because a delivery found no room
}

// dispatched takes note of what is to be carried out.
func (w *world) dispatched(actions []machine.Action) {
	d := &w.dispatch
	if d.actions.len() > 0 {
		w.fail(w.of(d.actions.first().Service), "%s, and that is not done", d.actions.first().Text("it"))
	}
	for i := range actions {
		switch a := &actions[i]; a.Kind {
		case machine.Inspect:
			w.services[a.Service].inspected = a.Signal
			d.results.add(machine.Event{Kind: machine.Inspected, Service: a.Service, Gen: a.Gen, Ticket: a.Ticket})
		case machine.LookForDumps:
			d.looks.add(machine.Event{Kind: machine.DumpsSeen, Service: a.Service, Gen: a.Gen})
		case machine.Send, machine.Deliver, machine.Survey, machine.Follow, machine.Kill, machine.KillRemnant, machine.GiveUpStart, machine.Hold, machine.Release, machine.RunHook,
			machine.ReportTail, machine.Forget, machine.ReopenLog:
			d.actions.add(*a)
		case machine.Load:
			w.loads = append(w.loads, w.asker(a.Origin))
		case machine.Finish:
			w.finished = true
		case machine.Spawn, machine.Tell, machine.Report:
		}
	}
	for i := range actions { // they come last, all at once
		if actions[i].Kind == machine.Spawn {
			d.actions.add(actions[i])
		}
	}
}

// carriesOut is told what the loop does, and returns the action that says so.
func (w *world) carriesOut(kind machine.ActionKind, id machine.ServiceID) machine.Action {
	d := &w.dispatch
	if d.again != machine.Tell {
		if d.again != kind {
			w.fail(nil, "the loop does %v, and for want of room %v is due", kind, d.again)
		}
		d.again = machine.Tell
		return machine.Action{Set: w.wanted}
	}
	if d.actions.len() == 0 {
		w.fail(w.of(id), "the loop does %v, which the machine does not want", kind)
		return machine.Action{}
	}
	a := d.actions.take()
	if a.Kind != kind || id != machine.NoService && a.Service != id {
		w.fail(w.of(id), "the loop does %v, but the next thing to do is: %s", kind, a.Text("it"))
	}
	return a
}

// expectResult says what came of an action.
func (w *world) expectResult(ev machine.Event) { w.dispatch.results.add(ev) }

// reaped takes note of a child that the loop has reaped.
func (w *world) reaped(p *process) {
	d := &w.dispatch
	d.reaped = true
	switch {
	case p.tree == nil:
		w.expectHook(p.pid)
	case p.isAside():
		d.remnants.add(p)
	case p.leader:
		p.tree.reaped = true
		d.exits.add(p)
	}
}

// untold reports whether the leader of a service is reaped, and the machine is about to be told:
// another end that it was told of before may have it stop the service.
func (w *world) untold(s *service) bool {
	exits := &w.dispatch.exits
	return slices.ContainsFunc(exits.items[exits.taken:], func(p *process) bool { return p.tree == s.tree })
}

// checkEvent compares what the machine is told with what has happened.
func (w *world) checkEvent(ev *machine.Event) {
	if ev.Kind.OfService() && w.services[ev.Service].state == machine.Removed && ev.Kind != machine.RemnantEnded {
		w.fail(nil, "%v, about a service that is no more", ev.Kind)
		return
	}
	switch ev.Kind {
	case machine.Exited:
		w.checkExited(ev)
	case machine.Emptied:
		if s := w.services[ev.Service]; s.tree == nil || s.tree.gen != ev.Gen || !s.tree.gone() {
			w.fail(s, "emptied, and it is not")
		}
	case machine.Signal:
		if !w.dispatch.signal || ev.Info != w.info || ev.TerminalGone != (w.spec.HangUp && w.system.TerminalGone(ev.Info)) {
			w.fail(nil, "%v, and there was %v", ev.Info, w.info)
		}
		w.dispatch.signal = false
		w.checkSender(ev)
	case machine.Spawned, machine.SpawnFailed, machine.Delayed, machine.Surveyed, machine.Sent, machine.Inspected, machine.Signalled:
		w.checkResult(ev)
	case machine.DumpsSeen:
		w.checkDumps(ev)
	case machine.RemnantEnded:
		w.checkRemnant(ev)
	case machine.Start, machine.Stop, machine.Restart, machine.Reload, machine.Pause, machine.Continue, machine.Post,
		machine.Shutdown, machine.ShutdownNow:
		w.checkAsker(ev)
	case machine.Update, machine.LoadFailed:
		w.checkLoaded(ev)
	case machine.Boot, machine.Tick:
	case machine.Neighbour:
		w.fail(nil, "what only the machine itself says")
	case machine.Remove:
		w.fail(w.of(ev.Service), "a command to remove it, which only an update gives")
	}
}

// checkExited compares a report of an end with what the fake kernel has let be reaped.
func (w *world) checkExited(ev *machine.Event) {
	d, s := &w.dispatch, w.services[ev.Service]
	if d.exits.len() == 0 || (*d.exits.first()).tree != s.tree {
		w.fail(s, "said to have ended, and it is not the one that was reaped")
		return
	}
	p := d.exits.take()
	if ev.Gen != s.tree.gen || ev.Exit != p.exit || ev.Dumping != p.isAside() || ev.Survivors != !s.isEmpty {
		w.fail(s, "said to have %v, survivors %v; it has %v, survivors %v", ev.Exit, ev.Survivors, p.exit, !s.isEmpty)
	}
	w.exited(s, p)
}

// checkResult compares what is said to have come of an action with what has.
func (w *world) checkResult(ev *machine.Event) {
	d, s := &w.dispatch, w.services[ev.Service]
	if d.results.len() == 0 {
		w.fail(s, "%v, and nothing has been done", ev.Kind)
		return
	}
	want := d.results.take()
	if want.Kind == machine.Inspected {
		want.Effect = ev.Effect
		w.checkInspected(s, ev)
	}
	if *ev != want {
		w.fail(s, "the machine is told: %s; what came of it is: %s", ev.Text("it"), want.Text("it"))
	}
}

// checkDispatched finds what was left undone in an iteration, and untold.
func (w *world) checkDispatched() {
	d := &w.dispatch
	switch {
	case d.actions.len() > 0:
		w.fail(w.of(d.actions.first().Service), "%s, and that is not done", d.actions.first().Text("it"))
	case d.looks.len() > 0:
		w.fail(w.of(d.looks.first().Service), "the machine is not told whether a core is being written")
	case d.results.len() > 0:
		w.fail(w.of(d.results.first().Service), "the machine is not told: %s", d.results.first().Text("it"))
	case d.exits.len() > 0:
		w.fail((*d.exits.first()).tree.service, "its leader is reaped, and the machine is not told")
	case d.remnants.len() > 0:
		w.fail((*d.remnants.first()).tree.service, "a former leader is reaped, and the machine is not told")
	case d.signal:
		w.fail(nil, "%v came, and the machine is not told", w.info)
	}
	for _, s := range w.services {
		if s.state == machine.Clearing && s.tree.gone() && !w.system.hasZombie(s.tree) {
			w.checkEmptied(s)
		}
	}
	d.reaped = false
}

// noticed is after what time at the latest the loop looks whether anything of a service is left,
// when a look has failed, or when nobody tells it of an end.
const noticed = 101 * time.Millisecond

// checkEmptied finds a loop that does not know that nothing is left of a service. It knows at
// once when it has reaped the last process, if it could look. What a remnant has started is
// reaped by that.
func (w *world) checkEmptied(s *service) {
	reapsOwn := s.remnant != nil && s.remnant.tree == s.tree
	switch ago := w.now - max(s.tree.changed, s.unsureAt); {
	case w.dispatch.reaped && s.unsure != s.tree.gen && !reapsOwn:
		w.fail(s, "nothing of it is left, and the machine is not told")
	case ago > noticed:
		w.fail(s, "nothing of it has been left for %v, and the machine is not told", ago)
	}
}

// slack is how late the loop may be: each look at the clock takes a moment.
const slack = 50 * time.Microsecond

// checkTimeout finds a loop that sleeps too long, or not at all.
func (w *world) checkTimeout(timeout time.Duration) {
	deadline, timed := w.twin.Deadline()
	if !timed {
		deadline = never
	}
	deadline = min(deadline, w.firstTimeout())
	until := never
	if timeout >= 0 {
		until = w.now + timeout
	}
	if w.idle++; w.stepsNow > 0 || timeout != 0 {
		w.idle = 0
	}
	switch late := until - max(deadline, w.now); {
	case w.idle > 100:
		w.fail(nil, "it does not wait, and does nothing either")
	case late < -slack && w.mayBeUp(until):
	case late > slack, late < -slack:
		w.fail(nil, "it waits until %v, and the next deadline is %v", until, deadline)
	}
}

// checkInspected compares what a signal is said to do to a leader with what it would do.
func (w *world) checkInspected(s *service, ev *machine.Event) {
	if p := s.tree.leader(); p.alive && !p.dying && (ev.Effect == machine.Fatal) != p.endsBy(s.inspected) {
		w.fail(s, "%v is said to be %v for it", s.inspected, ev.Effect)
	}
	if ev.Effect != machine.Fatal { // from now on it is a signal like others
		s.account.taken++
	}
}

// endsBy reports whether a signal would end a process at once.
func (p *process) endsBy(s signals.Signal) bool {
	end := s.Default() == signals.Terminate || s.Default() == signals.Core
	return end && !(p.caught | p.ignored | p.blocked | p.pendingSet()).Has(s)
}

// noteAsker keeps who asked with the present step.
func (w *world) noteAsker(ev *machine.Event) {
	by := ev.By
	if ev.Kind == machine.Signal {
		if _, commands := w.spec.Commands[ev.Info.Signal]; commands {
			by.Signal = ev.Info.Signal
		}
	}
	w.dispatch.askers = append(w.dispatch.askers, by)
}

// asker is who asked with the event of a step.
func (w *world) asker(step machine.EventID) machine.Asker {
	if int(step) > len(w.dispatch.askers) || step == 0 {
		return machine.Asker{}
	}
	return w.dispatch.askers[step-1]
}

// senderOf is who really sends what an action sends: why, if nobody asked for it.
func (w *world) senderOf(a machine.Action, why source) sender {
	if a.Kind == machine.Send && a.Ticket == 0 || why == ladderEnd {
		return sender{source: why, at: w.now}
	}
	return sender{source: asked, by: w.asker(a.Origin), at: w.now}
}

func (w *world) of(id machine.ServiceID) *service {
	if id < 0 || int(id) >= len(w.services) {
		return nil
	}
	return w.services[id]
}
