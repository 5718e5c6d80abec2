package sim

import (
	"slices"
	"strconv"
	"time"

	"supervise/signals"
	"supervise/signals/send"
	"supervise/supervisor/machine"
)

// What processes may do at the worst, for on it depends how long a shutdown may take.
const (
	maxStuck = 12 * time.Second
	maxForks = 2
)

// spawn makes a new generation. In chaos it may be one that crashes, forks or hangs.
func (w *world) spawn(s *service, gen machine.Gen) *process {
	t := &generation{service: s, gen: gen, room: 1 + w.random.IntN(20)}
	s.tree = t
	leader := w.addProcess(t)
	leader.leader = true
	w.giveHandlers(leader)
	life := never
	if !w.calm {
		life = w.pick(100*time.Microsecond, 200*time.Millisecond, 5*time.Second, time.Minute, time.Hour, never)
		if s.crashes {
			life = w.pick(0, time.Millisecond)
		}
		for w.chance(3) && len(t.members) < 5 {
			w.addProcess(t)
		}
		if len(t.members) > 1 && w.chance(2) {
			w.giveHeir(t)
		}
		if w.chance(20) {
			t.forks = 1 + w.random.IntN(maxForks)
		}
	}
	if life != never {
		w.scheduleExit(leader, w.now+life, w.ownExit(), sender{})
	}
	return leader
}

// giveHeir has the leader hand over to the second process when it ends well.
func (w *world) giveHeir(t *generation) {
	t.heir = t.members[1]
	t.heir.outlives = true
	w.giveHandlers(t.heir)
}

// inherit makes the heir the leader. It may have an heir in turn, and end at any time.
func (w *world) inherit(t *generation) {
	i := slices.Index(t.members, t.heir)
	t.members[0], t.members[i] = t.members[i], t.members[0]
	t.heir.leader, t.heir = true, nil
	t.count, t.waiting, t.reads = 0, 0, 0
	if w.calm {
		return
	}
	if life := w.pick(time.Millisecond, 5*time.Second, never); life != never {
		w.scheduleExit(t.leader(), w.now+life, w.ownExit(), sender{})
	}
	if w.chance(2) {
		heir := w.addProcess(t)
		t.members[1], t.members[len(t.members)-1] = heir, t.members[1]
		w.giveHeir(t)
	}
}

// ownExit is a way in which a process ends by itself.
func (w *world) ownExit() signals.Exit {
	switch w.random.IntN(4) {
	case 0:
		return signals.Exit{Code: 1}
	case 1:
		return signals.Exit{Signal: signals.SIGSEGV, Core: true}
	}
	return signals.Exit{}
}

func (w *world) addProcess(t *generation) *process {
	p := &process{tree: t, alive: true, end: never, grouped: true}
	w.system.register(p)
	t.members = append(t.members, p)
	if w.calm {
		return p
	}
	p.stopped, p.outlives, p.grouped = w.chance(20), w.chance(3), len(t.members) == 1 || !w.chance(4)
	p.slow = w.pick(0, time.Millisecond, time.Second, 8*time.Second)
	if w.chance(40) {
		p.stuck = w.now + time.Duration(w.random.Int64N(int64(maxStuck)))
	}
	if w.chance(400) {
		p.stuck = never
	}
	switch w.random.IntN(8) {
	case 0:
		p.ignored = stopping
	case 1:
		p.blocked = stopping
	case 2:
		p.caught = stopping
	case 3, 4, 5:
		p.caught, p.quits = stopping, true
	}
	return p
}

// giveHandlers has a leader take the signals that are forwarded, nearly always. Real-time ones
// it blocks and waits for, as is the way of those who want to have them in order.
func (w *world) giveHandlers(p *process) {
	for _, s := range forwarded {
		switch {
		case !w.calm && w.chance(40):
		case s.RealTime():
			p.blocked = p.blocked.With(s)
		default:
			p.caught = p.caught.With(s)
		}
	}
}

// killTree is SIGKILL for the tree, from which a fork may slip away.
func (w *world) killTree(t *generation) {
	for _, p := range t.members {
		if p.isAside() {
			continue
		}
		w.send(p, signals.SIGKILL, sender{source: ladderEnd, at: w.now})
	}
	if t.forks > 0 && !t.gone() {
		t.forks--
		p := w.addProcess(t)
		p.outlives, p.orphan = true, !t.leader().alive || t.leader().isAside()
	}
}

// deliver offers a forwarded signal to a leader.
func (w *world) deliver(t *generation, info signals.Info, from sender) send.Result {
	p := t.leader()
	switch {
	case !p.alive && w.chance(2):
		return send.Gone
	case !p.alive:
		return send.OK // the kernel queues to a zombie, too
	case !w.calm && w.chance(300):
		return send.Refused
	case info.Signal.RealTime() && p.blocked.Has(info.Signal) && !p.dying:
		return w.queue(t, info.Signal)
	}
	w.send(p, info.Signal, from)
	return send.OK
}

// queue adds a real-time signal to those that a leader will read soon.
func (w *world) queue(t *generation, s signals.Signal) send.Result {
	if w.now >= t.reads {
		t.count, t.waiting = 0, 0
		t.reads = w.now
		if !w.calm {
			t.reads += w.pick(0, 0, 3*time.Millisecond, 400*time.Millisecond)
		}
	}
	if w.now < t.reads && t.count >= t.room {
		return send.Again
	}
	t.count++
	t.waiting = t.waiting.With(s)
	return send.OK
}

func (p *process) String() string {
	what := "hook"
	switch {
	case p.leader:
		what = "leader"
	case p.tree != nil:
		what = "process"
	}
	return what + " " + strconv.Itoa(p.pid)
}
