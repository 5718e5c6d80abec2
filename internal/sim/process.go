package sim

import (
	"slices"
	"time"

	"supervise/internal/sys"
	"supervise/signals"
)

// process is one process of a service, or a hook, which belongs to none.
type process struct {
	pid     int
	tree    *generation // nil: a hook
	leader  bool
	orphan  bool // its parent has ended: it is the supervisor's to reap
	alive   bool
	unknown bool // the loop has not been told of it
	stopped bool

	grouped  bool          // it stayed in its leader's process group
	outlives bool          // it does not end because its leader does
	quits    bool          // its handlers of the signals that ask for its end obey
	slow     time.Duration // from such a signal to the end
	stuck    time.Duration // before this time nothing can end it: uninterruptible sleep; never: another user's

	caught, ignored, blocked signals.Set
	pending                  []arrival

	end     time.Duration // when it will end, never if it will not
	exit    signals.Exit  // how
	killer  sender        // and who is behind that
	also    bool          // it was sent the same signal by us, or as a rung, before that came to its end
	due     bool          // it would have ended, were it not immortal
	overdue bool          // it would have ended, had it not been stopped
	dying   bool          // the kernel has begun to end it, and nothing changes that
	dump    *dump         // its core is being written, or was; nil: it is not
	unseen  bool          // a signal to it was not recorded
}

// arrival is a signal that is pending.
type arrival struct {
	signal signals.Signal
	from   sender
}

// isStopped reports whether it is there, and stopped by a signal.
func (p *process) isStopped() bool { return p.alive && p.stopped }

// stopping are the signals that ask a process for its end.
var stopping = signals.SetOf(signals.SIGTERM, signals.SIGQUIT, signals.SIGINT)

// send has a process get a signal, as the kernel would do it.
func (w *world) send(p *process, s signals.Signal, from sender) {
	w.sight(p, s, from)
	before := p.killer.source
	p.also = p.also || p.exit.Signal == s && (before == stranger && from.source != stranger || before == asked && from.source == rung)
	w.arrive(p, s, from)
}

// arrive is what a signal does that was sent, or waits no more.
func (w *world) arrive(p *process, s signals.Signal, from sender) {
	switch {
	case p.alive && p.dump != nil && s == signals.SIGKILL: // it cuts the core short
		if p.end > w.now {
			p.end = w.now
			w.ends.add(occurrence{at: p.end, process: p})
		}
	case !p.alive || p.dying:
	case s == signals.SIGKILL:
		w.kill(p, signals.Exit{Signal: s}, from)
	case s == signals.SIGSTOP:
		p.stopped = true
	case s == signals.SIGCONT:
		w.goOn(p)
	case p.ignored.Has(s):
	case p.stopped, p.blocked.Has(s):
		p.pend(s, from)
	case p.caught.Has(s):
		if p.quits && stopping.Has(s) {
			w.quit(p, s, from)
		}
	default:
		w.takeDefault(p, s, from)
	}
}

// takeDefault has a signal do what it does by default.
func (w *world) takeDefault(p *process, s signals.Signal, from sender) {
	switch s.Default() {
	case signals.Terminate, signals.Core:
		w.kill(p, signals.Exit{Signal: s, Core: s.Default() == signals.Core}, from)
	case signals.Stop:
		p.stopped = true
	case signals.Ignore, signals.Continue:
	}
}

// pend leaves a signal pending, at most one of each number.
func (p *process) pend(s signals.Signal, from sender) {
	if !p.pendingSet().Has(s) {
		p.pending = append(p.pending, arrival{s, from})
	}
}

func (p *process) pendingSet() (set signals.Set) {
	for _, a := range p.pending {
		set = set.With(a.signal)
	}
	return set
}

// goOn is SIGCONT: what came while the process was stopped acts now, the lowest number first.
func (w *world) goOn(p *process) {
	if !p.stopped {
		return
	}
	p.stopped = false
	if p.leader {
		p.tree.service.continued = w.steps
	}
	if p.overdue {
		p.overdue = false
		w.scheduleExit(p, w.now, p.exit, p.killer)
	}
	pending := p.pending
	p.pending = nil
	slices.SortFunc(pending, func(a, b arrival) int { return int(a.signal - b.signal) })
	for _, a := range pending {
		w.arrive(p, a.signal, a.from)
	}
}

// kill is the kernel that ends a process: at once, unless it is stuck.
func (w *world) kill(p *process, exit signals.Exit, from sender) {
	if p.end >= max(w.now, p.stuck) { // what it was about to do itself comes too late
		p.end = never
	}
	w.scheduleExit(p, w.now, exit, from)
	p.dying = true
}

// quit is a handler that ends its process, by the same signal or by a code.
func (w *world) quit(p *process, s signals.Signal, from sender) {
	exit := signals.Exit{Signal: s}
	if w.chance(2) {
		exit = signals.Exit{Code: w.random.IntN(2)}
	}
	w.scheduleExit(p, w.now+p.slow, exit, from)
}

// scheduleExit has a process end at a time, unless it is to end earlier already.
func (w *world) scheduleExit(p *process, at time.Duration, exit signals.Exit, from sender) {
	if at = max(at, p.stuck, w.now); p.stuck == never {
		if p.alive && !p.dying {
			p.exit, p.killer, p.due = exit, from, true
		}
		return
	}
	if !p.alive || p.dying || p.end <= at {
		return
	}
	p.end, p.exit, p.killer = at, exit, from
	w.ends.add(occurrence{at: at, process: p})
}

// heal makes the immortal mortal: what should have ended them does.
func (w *world) heal() {
	w.healStarts()
	for _, p := range w.system.processes {
		if p == nil || p.stuck != never {
			continue
		}
		p.stuck = 0
		if p.due {
			dying := p.dying
			p.dying = false
			w.scheduleExit(p, w.now, p.exit, p.killer)
			p.dying = dying
		}
	}
}

// endProcess ends a process whose time has come. Those whose parent it was are orphans.
func (w *world) endProcess(o occurrence) {
	p := o.process
	if !p.alive || p.end != o.at {
		return
	}
	if p.stopped && !p.dying { // it does nothing until it goes on
		p.end, p.overdue = never, true
		return
	}
	if p.exit.Signal != 0 && !p.dying && p.dump == nil {
		w.sight(p, p.exit.Signal, sender{source: itself})
	}
	if w.beginDump(p) {
		return
	}
	if p.alive = false; p.tree != nil {
		p.tree.changed = w.now
	}
	if p.dump != nil {
		p.tree.dumps = w.now
	}
	w.note(p.tree, "%s ends: %v", p, p.exit)
	if !p.leader && !p.orphan && p.tree != nil { // its leader reaps it
		w.system.release(p)
		return
	}
	w.system.zombies = append(w.system.zombies, p)
	w.wakeSoon()
	if !p.leader {
		return
	}
	for _, member := range p.tree.members[1:] {
		member.orphan = true
		if !member.outlives {
			w.scheduleExit(member, w.now+w.pick(0, time.Millisecond, 3*time.Second), signals.Exit{}, sender{})
		}
	}
}

// state is what /proc/PID/status says of a process.
func (p *process) state(now time.Duration) sys.SignalState {
	s := sys.SignalState{
		Caught: p.caught, Ignored: p.ignored, Blocked: p.blocked, Pending: p.pendingSet(),
		Parent: selfPID, Stopped: p.isStopped(), Ended: !p.alive, Dumping: p.alive && p.dump != nil, Queued: uint64(p.pid), Limit: 1 << 10,
	}
	if p.dying && p.dump == nil {
		s.Pending = s.Pending.With(signals.SIGKILL).With(p.exit.Signal)
	}
	if p.leader && now < p.tree.reads {
		s.Shared = p.tree.waiting
	}
	return s
}
