package sim

import (
	"slices"
	"time"

	"supervise/config"
	"supervise/signals"
	"supervise/signals/send"
	"supervise/supervisor/machine"
)

// account is what became of the signals that were to get to a service.
type account struct {
	taken   int // in by the machine
	arrived int
	lost    int // told to be
	merged  int // told to be
	last    machine.Ticket
}

// maxSpawns bounds how often a service may be spawned within a second without anybody
// asking for it: ten short lives in a row, and the one that they led to, after which
// none comes sooner than 100 ms after the one before.
const maxSpawns = 11 + 10

// noteEvent takes note of what the machine is about to be told.
func (w *world) noteEvent(ev *machine.Event) {
	// Of the others there is nothing to take note of.
	//exhaustive:ignore
	switch ev.Kind {
	case machine.Exited:
		w.services[ev.Service].killed = ev.Exit.Signal == signals.SIGKILL
	case machine.Start, machine.Restart:
		w.start(ev.Service, ev.Kind, ev.Once)
	case machine.Stop:
		w.services[ev.Service].cycles = false
	case machine.Reload, machine.Pause, machine.Continue:
		w.expectReport(machine.Ticket(w.steps), ev.Service, ev.Kind)
	case machine.Post:
		w.expectReport(machine.Ticket(w.steps), ev.Service, ev.Kind)
		if ev.Scope == config.Main {
			w.services[ev.Service].account.taken++
		}
	case machine.Signal:
		_, commands := w.spec.Commands[ev.Info.Signal]
		if commands || w.spec.Signals[ev.Info.Signal] != config.Forward || ev.TerminalGone && w.spec.HangUp {
			return
		}
		for _, s := range w.services {
			if s.state != machine.Removed && s.spec.Signals.Forward[ev.Info.Signal] != 0 {
				s.account.taken++
			}
		}
	}
}

// check looks at an action before it is carried out.
func (w *world) check(a *machine.Action) {
	if a.Origin == 0 || a.Origin > a.Cause || int(a.Cause) != w.steps {
		w.fail(w.of(a.Service), "an action with the cause %d and the origin %d", a.Cause, a.Origin)
	}
	switch a.Kind {
	case machine.Tell:
		w.checkNote(a)
	case machine.Report:
		w.checkReport(a)
	case machine.Spawn:
		w.checkSpawn(a, w.services[a.Service])
	case machine.GiveUpStart:
		if w.services[a.Service].state != machine.Starting {
			w.fail(w.of(a.Service), "%s, and it is %v", a.Text("it"), w.services[a.Service].state)
		}
	case machine.Deliver, machine.Inspect:
		w.checkTarget(a, true)
	case machine.Send:
		w.checkTarget(a, a.Scope != config.Tree)
	case machine.Kill:
		w.checkTarget(a, false)
		w.checkKill(w.services[a.Service])
	case machine.LookForDumps:
		w.checkTarget(a, false)
		w.checkLook(w.services[a.Service])
	case machine.Survey:
		w.checkTarget(a, false)
	case machine.KillRemnant:
		if p := w.services[a.Service].remnant; p == nil || p.pid != int(a.PID) {
			w.fail(w.of(a.Service), "%s, which is not there", a.Text("it"))
		}
	case machine.Follow:
		w.checkFollow(a)
	case machine.Forget:
		w.checkForget(a)
	case machine.Hold, machine.Release, machine.Finish:
		if w.finished {
			w.fail(w.of(a.Service), "%s after the end", a.Text("it"))
		}
	case machine.ReportTail, machine.Load, machine.RunHook, machine.ReopenLog: // harmless at any time
	}
}

// checkTarget looks at whom a signal is for: the present leader, or any of its generation.
func (w *world) checkTarget(a *machine.Action, leader bool) {
	switch s := w.services[a.Service]; {
	case s.tree == nil || s.tree.gen != a.Gen:
		w.fail(s, "%s, which is not the present generation", a.Text("it"))
	case s.empty == a.Gen:
		w.fail(s, "%s, which is known to be gone", a.Text("it"))
	case leader && s.tree.reaped && !w.untold(s):
		w.fail(s, "%s, whose leader has been reaped", a.Text("it"))
	}
}

// checkFollow looks at whom the leadership goes to, in the place of whom.
func (w *world) checkFollow(a *machine.Action) {
	s := w.services[a.Service]
	w.checkTarget(a, false)
	switch {
	case w.err != nil:
	case !s.tree.reaped || s.tree.heir == nil || s.tree.heir.pid != int(a.PID):
		w.fail(s, "%s, and there is nobody to follow", a.Text("it"))
	default:
		s.tree.reaped = false // for what comes after it in the same step
	}
}

// checkForget finds what is forgotten and still there.
func (w *world) checkForget(a *machine.Action) {
	if s := w.services[a.Service]; s.state != machine.Removed || !s.tree.gone() {
		w.fail(w.of(a.Service), "%s, and it is %v", a.Text("it"), s.state)
	}
}

// checkSequence looks at what must follow what within one step: SIGCONT a signal that a
// stopped process would not act on, and a spawn the word that it comes at once.
func (w *world) checkSequence(actions []machine.Action) {
	for i := range actions {
		a := &actions[i]
		rest := actions[i+1:]
		switch {
		case a.Kind == machine.Send && a.Ticket == 0 && a.Signal != signals.SIGCONT && a.Signal != signals.SIGKILL:
			cont := *a
			cont.Signal = signals.SIGCONT
			if w.services[a.Service].paused {
				cont.Scope = config.Tree
			}
			if len(rest) == 0 || rest[0] != cont {
				w.fail(w.of(a.Service), "%s, without SIGCONT", a.Text("it"))
			}
		case a.Kind == machine.Send && a.Ticket == 0 && a.Signal == signals.SIGCONT:
			w.services[a.Service].paused = false
		case a.Kind == machine.Tell && a.Note.Kind == machine.Restarting:
			spawns := slices.ContainsFunc(rest, func(b machine.Action) bool { return b.Kind == machine.Spawn && b.Service == a.Service })
			if spawns != (a.Note.For == 0) && !w.waits(rest, a.Service) {
				w.fail(w.of(a.Service), "%v, and spawned in the same step: %v", a.Note, spawns)
			}
		}
	}
}

func (w *world) checkSpawn(a *machine.Action, s *service) {
	switch {
	case !s.tree.gone():
		w.fail(w.of(a.Service), "a second generation while the first is there")
	case w.shutdown != never:
		w.fail(w.of(a.Service), "spawned during a shutdown")
	}
	w.checkStarts(s)
	if s.once && s.last {
		w.fail(w.of(a.Service), "spawned again, and it was to be started but once")
	}
	s.last, s.changed = true, false
	if s.manual || s.killed {
		s.manual, s.spawns = false, s.spawns[:0]
		return
	}
	for len(s.spawns) > 0 && s.spawns[0] <= w.now-time.Second {
		s.spawns = s.spawns[1:]
	}
	if s.spawns = append(s.spawns, w.now); len(s.spawns) > maxSpawns {
		w.fail(w.of(a.Service), "spawned %d times within a second", len(s.spawns))
	}
}

func (w *world) checkNote(a *machine.Action) {
	n := &a.Note
	// The others are true whatever they say.
	//exhaustive:ignore
	switch n.Kind {
	case machine.Impossible, machine.NoSuchService:
		w.fail(w.of(a.Service), "%v", n)
	case machine.Commanded:
		w.checkCommanded(a)
	case machine.SentToMany:
		if n.Event != machine.Post {
			w.services[a.Service].paused = n.Event == machine.Pause
		}
	case machine.Changed:
		w.checkChange(a.Service, n)
		w.services[a.Service].origin = a.Origin
	case machine.Remembered:
		starts := n.Event == machine.Start || n.Event == machine.Restart
		w.services[a.Service].startsNext = starts && (n.From == machine.Stopping || n.From == machine.Clearing)
	case machine.Restarting:
		spec := w.services[a.Service].spec.Restart
		longest := max(time.Duration(float64(spec.MaxDelay)*(1+spec.Jitter)), spec.MaxDelay, time.Second)
		if n.For < 0 || n.For > longest {
			w.fail(w.of(a.Service), "a delay of %v, at the most %v is allowed", n.For, longest)
		}
	case machine.Yields, machine.Outdated: // that it comes back is not its policy
		w.services[a.Service].manual, w.services[a.Service].last = true, false
	case machine.GaveUp:
		w.services[a.Service].background = n.Why == machine.WentToBackground
	case machine.Dropped:
		w.services[a.Service].account.lost += n.Count
	case machine.Coalesced:
		w.services[a.Service].account.merged++
	case machine.ShutdownTimedOut:
		w.cutting = true
	case machine.ShuttingDown:
		w.cutting = w.cutting || n.Event == machine.ShutdownNow
		if w.shutdown == never {
			w.shutdown = w.now
		}
		for i := range w.services {
			w.services[i].startsNext = false
		}
	case machine.LadderCut:
		w.services[a.Service].cut = true
	case machine.LeftBehind:
		w.checkLeftBehind(w.services[a.Service], n)
	case machine.Late:
		if w.finished {
			return
		}
		w.fail(w.of(a.Service), "%v: the loop does not tell what is past", n)
	}
}

// lastGrace is how long a shutdown may take after its time is over and everything was killed.
const lastGrace = 6 * time.Second

// checkLeftBehind finds who is left behind too early, and without need.
func (w *world) checkLeftBehind(s *service, n *machine.Note) {
	s.left = true
	switch {
	case s.starting():
		if !s.start.givenUp || !s.start.held {
			w.fail(s, "%v, given up: %v, and held by the kernel: %v", n, s.start.givenUp, s.start.held)
		}
	case s.remnant != nil && n.From == s.state:
	case s.tree.gone() && w.now-max(s.tree.changed, s.unsureAt) <= noticed:
		s.left = false
	case s.tree.gone():
		w.fail(s, "%v, and it is gone", n)
	case w.now-w.shutdown < lastGrace:
		w.fail(s, "%v, %v after the shutdown began", n, w.now-w.shutdown)
	case n.Count == 0:
		w.fail(s, "%v, and was not killed", n)
	}
}

func (w *world) checkChange(id machine.ServiceID, n *machine.Note) {
	s := w.services[id]
	switch {
	case n.To == machine.Removed && !s.tree.gone():
		w.fail(w.services[id], "removed, and something of it is alive")
	case s.state != n.From:
		w.fail(w.services[id], "%v, but it was %v", n, s.state)
	case n.To == machine.Clearing:
	case s.startsNext && n.To != machine.Starting && n.To != machine.Waiting:
		w.fail(w.services[id], "%v, although it was to start", n)
	default:
		s.startsNext = false
	}
	climbs := func(state machine.State) bool { return state == machine.Stopping || state == machine.Clearing }
	if climbs(n.To) && !climbs(n.From) {
		s.beginLadder()
	}
	if n.To == machine.Stopping {
		w.checkStops(s)
	}
	s.become(n.To, w.now)
}

// delivered enters a delivery into the books.
func (w *world) delivered(s *service, a machine.Action, result send.Result) {
	if s.reportedGone == a.Gen {
		w.fail(s, "%s, which has said that it is gone", a.Text("it"))
	}
	w.deliveryMade(result == send.OK)
	switch result {
	case send.OK:
		w.arrived(s, a)
	case send.Again:
		w.dispatch.again = w.intakeAfter(s.tree, a.Info.Signal)
	case send.Gone:
		s.reportedGone = a.Gen
	case send.Refused:
	}
}

func (w *world) arrived(s *service, a machine.Action) {
	s.account.arrived++
	s.took[a.Info.Signal] = w.now
	if !a.Info.Signal.RealTime() {
		return
	}
	if a.Ticket <= s.account.last {
		w.fail(s, "signal #%d arrives after #%d", a.Ticket, s.account.last)
	}
	s.account.last = a.Ticket
}

// intakeAfter is what the loop is to do with the intake when a leader has no room: if none of
// that number waits for it, what waits for us may be what takes the room.
func (w *world) intakeAfter(t *generation, s signals.Signal) machine.ActionKind {
	switch state := t.leader().state(w.now); {
	case w.wanted == 0:
		return machine.Tell
	case (state.Pending | state.Shared).Has(s):
		return machine.Hold
	}
	return machine.Release
}

// checkBooks compares what came in with what became of it, what is held with what
// should be, and the deadline with those of the services.
func (w *world) checkBooks() {
	deadline, _ := w.twin.Deadline()
	var wanted signals.Set
	for i := range w.services {
		l := &w.services[i].account
		view := w.twin.View(machine.ServiceID(i))
		if l.taken != l.arrived+l.lost+l.merged+view.Held && w.err == nil {
			w.fail(w.services[i], "%d signals came in, %d arrived, %d were lost and %d merged, and %d wait",
				l.taken, l.arrived, l.lost, l.merged, view.Held)
		}
		if view.Paused != w.services[i].paused {
			w.fail(w.services[i], "paused is %v, and it should be %v", view.Paused, w.services[i].paused)
		}
		if view.Timed && deadline > view.Deadline {
			w.fail(w.services[i], "due at %v, but the next deadline is %v", view.Deadline, deadline)
		}
		if view.Holding && w.holdable(i)&^w.wanted != 0 {
			w.fail(w.services[i], "of %v, which it has held, %v is not", w.holdable(i), w.holdable(i)&^w.wanted)
		}
		if view.Holding {
			wanted |= w.holdable(i)
		}
		limit := w.services[i].spec.Signals.Queue
		if limit.WhenFull != config.Wait && view.Queue.HighWater > max(limit.Limit, w.services[i].bound)+1 {
			w.fail(w.services[i], "%d signals in a queue for %d", view.Queue.HighWater, limit.Limit)
		}
	}
	if w.wanted&^wanted != 0 {
		w.fail(nil, "%v is held, and nobody wants that", w.wanted&^wanted)
	}
}

// holdable is which signals a service can ask to be held.
func (w *world) holdable(i int) signals.Set {
	var set signals.Set
	for from, to := range w.services[i].spec.Signals.Forward {
		if from.RealTime() && to.RealTime() {
			set = set.With(from)
		}
	}
	return set
}

// checkIdle finds a deadline where nothing is under way, and none where something is.
func (w *world) checkIdle() {
	deadline, timed := w.twin.Deadline()
	busy := w.shutdown != never && !w.finished
	for i := range w.services {
		switch w.services[i].state {
		case machine.Stopping, machine.Clearing, machine.Backoff:
			busy = true
		case machine.Starting:
			if !w.services[i].starting() {
				w.fail(w.services[i], "still starting after its spawn was answered")
			}
		case machine.Stopped, machine.Waiting, machine.Running, machine.Done, machine.Failed, machine.Removed:
		}
	}
	if busy && !timed {
		w.fail(nil, "no deadline, although something is under way")
	}
	if busy || !timed {
		return
	}
	for i := range w.services {
		if w.services[i].remnant != nil || w.soonReady(w.services[i]) {
			return
		}
		if view := w.twin.View(machine.ServiceID(i)); view.Held > 0 && deadline <= w.now+50*time.Millisecond {
			return
		}
	}
	w.fail(nil, "a deadline at %v, although nothing is under way", deadline)
}

// checkCalm finds what does not run, and should.
func (w *world) checkCalm() {
	w.checkBooks()
	for i := range w.services {
		id := machine.ServiceID(i)
		view := w.twin.View(id)
		spec := &w.services[i].spec.Restart
		runs := view.State == machine.Running || view.State == machine.Done || view.State == machine.Waiting && w.waitsForGood(w.services[i])
		// A permanent failure of the first start, or of the only one, is for good, and
		// so is one by settings that are no more.
		excused := view.State == machine.Failed && (spec.Limit > 0 || spec.Policy == config.Never || view.Once || !view.Exited || w.services[i].changed || w.services[i].background)
		switch {
		case view.Wanted == machine.Up && !runs && !excused:
			w.fail(w.services[id], "%v: %w", view.State, errNotUp)
		case view.Held > 0 && view.State != machine.Waiting:
			w.fail(w.services[id], "%d signals wait for nothing", view.Held)
		case view.Holding && view.State != machine.Waiting:
			w.fail(w.services[id], "it holds the intake for nothing")
		}
	}
	if deadline, timed := w.twin.Deadline(); timed && w.shutdown == never {
		w.fail(nil, "a deadline at %v, although all is calm", deadline)
	}
}

// checkEnd finds what a shutdown has left behind.
func (w *world) checkEnd() {
	if w.err != nil {
		return
	}
	allowed := w.spec.Supervisor.ShutdownTimeout + lastGrace + time.Second
	if took := w.now - w.shutdown; took > allowed {
		w.fail(nil, "the shutdown took %v, at the most %v is allowed", took, allowed)
	}
	for i := range w.services {
		if s, gone := w.services[i], w.services[i].tree.gone() && !w.services[i].starting() && w.services[i].remnant == nil; gone == s.left {
			w.fail(s, "gone at the end: %v, left behind: %v", gone, s.left)
		}
	}
	if w.wanted != 0 {
		w.fail(nil, "%v is held after the end", w.wanted)
	}
	w.checkBooks()
	w.checkDeaf()
}

// checkDeaf finds what wakes the machine after the end, or ends it twice.
func (w *world) checkDeaf() {
	for _, ev := range []machine.Event{
		{Kind: machine.Start},
		{Kind: machine.Boot},
		{Kind: machine.Shutdown},
		{Kind: machine.ShutdownNow},
		{Kind: machine.Tick},
		{Kind: machine.Signal, Info: signals.Info{Signal: signals.SIGRTMIN}},
	} {
		actions := w.twin.Step(w.now, ev)
		if slices.ContainsFunc(actions, func(a machine.Action) bool { return a.Kind != machine.Tell }) {
			w.fail(nil, "%v does something after the end", ev.Kind)
		}
	}
}
