package sim

import (
	"errors"
	"time"

	"supervise/coredump/order"
	"supervise/coredump/report"
	"supervise/signals"
	"supervise/supervisor/kernel"
	"supervise/supervisor/machine"
)

// dump is the core of a process that is being written.
type dump struct {
	begun time.Duration
	aside bool // the service goes on without it
}

// beginDump has the kernel write the core of a process that is about to end, which takes a
// while. Whoever takes the core tells of it, but when and what is not certain.
func (w *world) beginDump(p *process) bool {
	if p.dump != nil || !p.exit.Core || p.tree == nil || w.chance(3) {
		return false
	}
	p.dump, p.tree.dumps = &dump{begun: w.now}, w.now
	p.stopped, p.dying = false, true
	p.end = w.now + w.pick(time.Millisecond, 400*time.Millisecond, 3*time.Second, 3*time.Second, 5*time.Minute)
	if p.end > w.now+time.Minute && w.calm {
		p.end = w.now + time.Second
	}
	w.ends.add(occurrence{at: p.end, process: p})
	w.note(p.tree, "%s writes its core until %v", p, p.end)
	if w.chance(4) {
		return true // nobody takes it
	}
	w.tellCrash(p, order.Released, w.pick(0, time.Millisecond, time.Second))
	if !w.chance(4) { // else its handler dies
		w.tellCrash(p, order.Explained, w.pick(0, time.Millisecond, 100*time.Millisecond, 10*time.Second))
	}
	w.tellCrash(p, order.Stored, w.pick(0, time.Millisecond, time.Second, 20*time.Second, 6*time.Minute))
	return true
}

// states are those that a core can come to.
var states = []report.State{report.Complete, report.Truncated, report.MiniOnly, report.Refused}

// tellCrash has the loop be told of a crash.
func (w *world) tellCrash(p *process, stage order.Stage, after time.Duration) {
	crash := kernel.Crash{
		Service: p.tree.service.spec.Name, Gen: p.tree.gen, PID: p.pid, Name: "process", Stage: stage,
		Report: &report.Report{ID: "7f3a", Signal: p.exit.Signal.String(), PID: p.pid},
	}
	crash.Report.Core.State = report.Taking
	if !p.leader && w.chance(2) { // a worker whose service cannot be told
		crash.Gen = 0
	}
	if stage == order.Stored || w.chance(8) {
		crash.Report.Core.State = states[w.random.IntN(len(states))]
	}
	w.system.after(after, func() {
		w.system.post(func() { w.loop.Crashed(crash) })
	})
}

// SetAside takes a leader out of its generation whose core is being written, as it is said.
func (u *unit) SetAside(pid int) error {
	w, s := u.w, u.service()
	p := w.system.find(pid)
	switch {
	case s.tree == nil || s.tree.reaped || s.tree.leader() != p || p.dump == nil || p.dump.aside:
		w.fail(s, "process %d is set aside, which is not a leader whose core is being written", pid)
		return nil
	case s.state != machine.Running, w.shutdown != never:
		w.fail(s, "%s is set aside while it is %v", p, s.state)
	case w.chance(8):
		return errors.New("cgroup.procs: operation not permitted")
	}
	if s.remnant != nil {
		w.fail(s, "%s is set aside, and so is %s", p, s.remnant)
	}
	p.dump.aside, s.remnant = true, p
	s.tree.reaped = true
	w.dispatch.exits.add(p)
	w.wakeSoon() // it may have ended just now
	return nil
}

// KillAside cuts a core short.
func (k *system) KillAside(pid int) {
	w := k.w
	a := w.carriesOut(machine.KillRemnant, machine.NoService)
	p := k.find(pid)
	if p == nil || p.dump == nil || !p.dump.aside || int(a.PID) != pid {
		w.fail(nil, "kills process %d, which is not set aside: %s", pid, a.Text("it"))
		return
	}
	w.send(p, signals.SIGKILL, sender{source: ladderEnd, at: w.now})
}

// isAside reports whether a service goes on without a process.
func (p *process) isAside() bool { return p.dump != nil && p.dump.aside }

// isDumped reports whether the core of any process of a generation is being written.
func (t *generation) isDumped() bool {
	for _, p := range t.members {
		if p.alive && p.dump != nil && !p.isAside() {
			return true
		}
	}
	return false
}

// checkDumps compares what the machine is told of cores with what there is. The members cannot
// always be listed.
func (w *world) checkDumps(ev *machine.Event) {
	d, s := &w.dispatch, w.services[ev.Service]
	if want := (machine.Event{Kind: ev.Kind, Service: ev.Service, Gen: ev.Gen}); d.looks.len() == 0 || d.looks.take() != want {
		w.fail(s, "%s, and that was not asked", ev.Text("it"))
		return
	}
	if dumped := s.tree.isDumped(); !s.unlisted && ev.Count > 0 != dumped && w.now-s.tree.dumps > slack {
		w.fail(s, "%d cores are said to be written, and it is %v that there are some", ev.Count, dumped)
	}
	s.looked = !s.unlisted
}

// checkKill finds a SIGKILL that cuts a core short and comes too early. The one of a shutdown
// does not.
func (w *world) checkKill(s *service) {
	waited := s.waits != never && w.now-s.waits >= s.patience-slack || w.now-s.tree.dumps <= slack // it has just begun
	if s.tree.isDumped() && s.patience > 0 && s.looked && !s.cut && !s.wasKilled && !waited {
		w.fail(s, "it is killed, and a core is being written")
	}
	s.wasKilled = true
}

// beginLadder forgets the ladder before.
func (s *service) beginLadder() {
	s.waits, s.cut, s.wasKilled, s.looked, s.patience = never, false, false, false, 0
}

// checkLook takes note of when SIGKILL is due for the first time, and how long it may wait.
func (w *world) checkLook(s *service) {
	if s.waits == never {
		s.waits, s.patience = w.now, w.spec.Core.Timeout
	}
}

// checkRemnant compares what is said of the end of a process that was set aside with what the
// loop has reaped.
func (w *world) checkRemnant(ev *machine.Event) {
	d, s := &w.dispatch, w.services[ev.Service]
	if d.remnants.len() == 0 || s.remnant == nil || (*d.remnants.first()) != s.remnant {
		w.fail(s, "%s, and it is not the one that was reaped", ev.Text("it"))
		return
	}
	if p := d.remnants.take(); p.pid != int(ev.PID) || p.tree.gen != ev.Gen {
		w.fail(s, "%s, and it was %s of generation %d", ev.Text("it"), p, p.tree.gen)
	}
	s.remnant = nil
}
