package sim

import (
	"time"

	"supervise/config"
	"supervise/signals"
	"supervise/supervisor/machine"
)

// never is a time that does not come.
const never = time.Duration(1 << 62)

// process is one member of a generation.
type process struct {
	alive    bool
	stopped  bool
	ignores  bool          // every signal but SIGKILL and SIGSTOP
	grouped  bool          // it stayed in its leader's process group
	outlives bool          // it does not end because its leader does
	slow     time.Duration // from a signal to the end
	stuck    time.Duration // before this time nothing can end it: uninterruptible sleep
	end      time.Duration // when it will end, never if it will not
	exit     signals.Exit  // how
	deferred bool          // a signal came while it was stopped
}

// tree is one generation: process 0 is the leader, until that hands over to another.
type tree struct {
	gen     machine.Gen
	members []process
	main    int  // the leader's place
	heir    int  // whom it hands over to when it ends well; 0 for nobody
	reaped  bool // the leader is
	forks   int  // how often it will still fork in the face of SIGKILL

	room    int           // real-time signals that it can have pending
	pending int           // that it has
	reads   time.Duration // when it will have read them
}

func (t *tree) leader() *process { return &t.members[t.main] }

// others reports whether anybody but the leader is alive.
func (t *tree) others() bool {
	for i := range t.members {
		if i != t.main && t.members[i].alive {
			return true
		}
	}
	return false
}

// gone reports whether nothing of it is left.
func (t *tree) gone() bool { return t == nil || t.reaped && !t.others() }

// occurrence is something that the fake kernel will do: the end of a process, or the
// reaping of a leader.
type occurrence struct {
	at      time.Duration
	order   int // of two at the same time
	service machine.ServiceID
	gen     machine.Gen
	member  int // -1: the leader is reaped
}

const reaping = -1

// schedule is a binary heap of occurrences, the earliest first.
type schedule struct {
	heap  []occurrence
	count int
}

func (a *schedule) before(i, j int) bool {
	x, y := &a.heap[i], &a.heap[j]
	return x.at < y.at || x.at == y.at && x.order < y.order
}

func (a *schedule) add(h occurrence) {
	a.count++
	h.order = a.count
	a.heap = append(a.heap, h)
	for i := len(a.heap) - 1; i > 0 && a.before(i, (i-1)/2); i = (i - 1) / 2 {
		a.heap[i], a.heap[(i-1)/2] = a.heap[(i-1)/2], a.heap[i]
	}
}

func (a *schedule) next() time.Duration {
	if len(a.heap) == 0 {
		return never
	}
	return a.heap[0].at
}

func (a *schedule) take() occurrence {
	first, last := a.heap[0], len(a.heap)-1
	a.heap[0] = a.heap[last]
	a.heap = a.heap[:last]
	for i := 0; ; {
		child := 2*i + 1
		if child >= last {
			return first
		}
		if child+1 < last && a.before(child+1, child) {
			child++
		}
		if !a.before(child, i) {
			return first
		}
		a.heap[i], a.heap[child] = a.heap[child], a.heap[i]
		i = child
	}
}

// scheduleExit has a process end at a time, unless it is to end earlier already.
func (w *world) scheduleExit(service machine.ServiceID, t *tree, member int, at time.Duration, exit signals.Exit) {
	p := &t.members[member]
	at = max(at, p.stuck, w.now)
	if !p.alive || p.end <= at {
		return
	}
	p.end, p.exit = at, exit
	w.schedule.add(occurrence{at: at, service: service, gen: t.gen, member: member})
}

// carryOut does what the fake kernel has scheduled, and tells the machine.
func (w *world) carryOut(h occurrence) {
	t := w.services[h.service].tree
	if t == nil || t.gen != h.gen {
		return
	}
	if h.member == reaping {
		t.reaped = true
		w.feed(machine.Event{
			Kind: machine.Exited, Service: h.service, Gen: t.gen,
			Exit: t.leader().exit, Survivors: t.others(),
		})
		return
	}
	p := &t.members[h.member]
	if !p.alive || p.end != h.at {
		return
	}
	p.alive = false
	switch {
	case h.member == t.main:
		w.schedule.add(occurrence{at: w.now + w.pick(0, 0, 50*time.Microsecond, time.Millisecond), service: h.service, gen: t.gen, member: reaping})
		for i := range t.members {
			if i != t.main && i != t.heir && !t.members[i].outlives {
				w.scheduleExit(h.service, t, i, w.now+w.pick(0, time.Millisecond, 3*time.Second), signals.Exit{})
			}
		}
	case t.gone():
		w.feed(machine.Event{Kind: machine.Emptied, Service: h.service, Gen: t.gen})
	}
}

// spawn makes a new generation. In chaos it may be one that crashes, forks or hangs.
func (w *world) spawn(id machine.ServiceID, gen machine.Gen) {
	t := &tree{gen: gen, room: 1 + w.random.IntN(20)}
	w.services[id].tree = t
	t.members = append(t.members, w.newProcess())
	life := never
	if !w.calm {
		life = w.pick(100*time.Microsecond, 200*time.Millisecond, 5*time.Second, time.Minute, time.Hour, never)
		if w.services[id].crashes {
			life = w.pick(0, time.Millisecond)
		}
		for w.chance(3) && len(t.members) < 5 {
			t.members = append(t.members, w.newProcess())
		}
		if w.chance(20) {
			t.forks = 1 + w.random.IntN(maxForks)
		}
	}
	if len(t.members) > 1 && w.chance(2) {
		t.heir = 1
	}
	exit := signals.Exit{}
	switch w.random.IntN(4) {
	case 0:
		exit.Code = 1
	case 1:
		exit = signals.Exit{Signal: signals.SIGSEGV, Core: true}
	}
	if life != never {
		w.scheduleExit(id, t, 0, w.now+life, exit)
	}
}

func (w *world) newProcess() process {
	p := process{alive: true, end: never, grouped: true}
	if w.calm {
		return p
	}
	p.ignores, p.stopped, p.outlives, p.grouped = w.chance(5), w.chance(20), w.chance(3), !w.chance(4)
	p.slow = w.pick(0, time.Millisecond, time.Second, 8*time.Second)
	if w.chance(40) {
		p.stuck = w.now + time.Duration(w.random.Int64N(int64(maxStuck)))
	}
	return p
}

// signal lets a signal act on the members of a tree that are in its scope, and returns how
// many there are.
func (w *world) signal(id machine.ServiceID, t *tree, scope config.Scope, s signals.Signal) (count int) {
	for i := range t.members {
		p := &t.members[i]
		if !p.alive || scope == config.Main && i != t.main || scope == config.Group && !p.grouped {
			continue
		}
		count++
		switch {
		case s == signals.SIGKILL:
			w.scheduleExit(id, t, i, w.now, signals.Exit{Signal: s})
		case s == signals.SIGSTOP:
			p.stopped = true
		case s == signals.SIGCONT:
			p.stopped = false
			if p.deferred {
				p.deferred = false
				w.scheduleExit(id, t, i, w.now+p.slow, signals.Exit{Signal: signals.SIGTERM})
			}
		case p.ignores || s.Default() == signals.Ignore:
		case p.stopped:
			p.deferred = true
		default:
			w.scheduleExit(id, t, i, w.now+p.slow, signals.Exit{Signal: s})
		}
	}
	return count
}

// inspect says what a signal would do to a leader.
func (w *world) inspect(t *tree, s signals.Signal) machine.Effect {
	p := t.leader()
	switch {
	case !p.alive:
		return machine.Coalesces
	case s.Default() == signals.Ignore:
		return machine.NoEffect
	case p.ignores:
		return machine.Caught
	case p.stopped:
		return machine.Blocked
	}
	return []machine.Effect{machine.Caught, machine.Fatal}[w.random.IntN(2)]
}

// survey says whom a leader that has ended has handed over to, and what is left. The heir may
// be noticed late, or never.
func (w *world) survey(t *tree) machine.Event {
	ev := machine.Event{Kind: machine.Surveyed, Reason: "pid 1 (other)"}
	if t.heir != 0 && t.members[t.heir].alive && !w.chance(3) {
		ev.PID, ev.Reason = int32(w.steps), "pid 1 (heir)"
	}
	return ev
}

// follow makes the heir the leader. Its end may come at any time.
func (w *world) follow(id machine.ServiceID, t *tree) {
	t.main, t.heir, t.reaped, t.pending = t.heir, 0, false, 0
	w.services[id].reportedGone = 0
	if !w.calm {
		if life := w.pick(time.Millisecond, 5*time.Second, never); life != never {
			w.scheduleExit(id, t, t.main, w.now+life, signals.Exit{})
		}
	}
}

// kill is SIGKILL for the tree, from which a fork may slip away.
func (w *world) kill(id machine.ServiceID, t *tree) {
	w.signal(id, t, config.Tree, signals.SIGKILL)
	if t.forks > 0 && (!t.reaped || t.others()) {
		t.forks--
		p := w.newProcess()
		p.outlives = true
		t.members = append(t.members, p)
	}
}

// deliver offers a forwarded signal to a leader.
func (w *world) deliver(id machine.ServiceID, t *tree, info signals.Info) machine.Result {
	p := t.leader()
	switch {
	case !p.alive && w.chance(2):
		return machine.Gone
	case !p.alive:
		return machine.OK // the kernel queues to a zombie, too
	case !w.calm && w.chance(300):
		return machine.Refused
	}
	if info.Signal.RealTime() {
		if w.now >= t.reads {
			t.pending = 0
			t.reads = w.now
			if !w.calm {
				t.reads += w.pick(0, 0, 3*time.Millisecond, 400*time.Millisecond)
			}
		}
		if w.now < t.reads && t.pending >= t.room {
			return machine.Again
		}
		t.pending++
	}
	if !w.calm && w.chance(100) {
		w.scheduleExit(id, t, t.main, w.now, signals.Exit{Signal: info.Signal})
	}
	return machine.OK
}
