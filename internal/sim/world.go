package sim

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"supervise/config"
	"supervise/signals"
	"supervise/supervisor/machine"
)

// What processes may do at the worst, for on it depends how long a shutdown may take.
const (
	maxStuck = 12 * time.Second
	maxForks = 2
)

// world is one machine and everything around it.
type world struct {
	seed   uint64
	random *rand.Rand
	spec   *config.File // in force
	m      *machine.Machine
	twin   *machine.Machine // steps alongside, to show that the same events give the same actions

	now      time.Duration
	steps    int
	queue    []machine.Event // to be fed before anything else happens
	schedule schedule
	services []service
	calm     bool

	intake   [signals.Max + 1][]signals.Info // held back, in the kernel
	held     signals.Set
	taken    int // how many more come in that had been taken before the hold
	old      machine.Event
	loading  bool          // a configuration is being loaded, as a rule commands
	commands               // under way
	shutdown time.Duration // when one began; never before that
	finished bool

	record []step // nil unless the world is played for its transcript
	keep   bool
	err    error
	blame  machine.ServiceID
}

// service is what the world knows of one service.
type service struct {
	spec       *config.Service // in force
	changed    bool            // since it was spawned
	bound      int             // what waited when its queue got other bounds
	tree       *tree
	missing    bool // its executable is
	crashes    bool // it does nothing else
	state      machine.State
	ledger     ledger
	spawns     []time.Duration // the latest that nobody asked for
	killed     bool            // the last leader died of SIGKILL
	manual     bool            // the next spawn was asked for
	once       bool            // and is to be the last
	background bool            // it was given up for going there
	last       bool            // it was, or it is running

	paused       bool        // by command
	startsNext   bool        // as soon as nothing of it is left, as was noted
	reportedGone machine.Gen // the generation whose leader a delivery found gone
}

// Play runs the world of a seed for about so many events, and returns how many there
// were. The error of a broken promise names it, and ends with the transcript that led
// to it, as far as it concerns the service in question.
func Play(seed uint64, events int) (int, error) {
	w := newWorld(seed)
	w.play(events)
	if w.err == nil {
		return w.steps, nil
	}
	// The same once more, this time with a record: keeping one always would cost more
	// than all the rest.
	again := newWorld(seed)
	again.keep = true
	again.play(events)
	if again.err == nil || again.err.Error() != w.err.Error() {
		return w.steps, fmt.Errorf("seed %d: %w, and not when played again: the simulation is not deterministic", seed, w.err)
	}
	return w.steps, fmt.Errorf("seed %d: %w\n%s", seed, w.err, again.transcript())
}

func newWorld(seed uint64) *world {
	w := &world{
		seed: seed, random: rand.New(rand.NewPCG(seed, 0)), shutdown: never, blame: machine.NoService,
		commands: commands{asked: map[question]bool{}},
	}
	w.spec = w.file()
	w.m, w.twin = machine.New(w.spec, seed), machine.New(w.spec, seed)
	for i := range w.spec.Services {
		w.services = append(w.services, service{spec: &w.spec.Services[i]})
	}
	return w
}

// play lets the world run its course.
func (w *world) play(events int) {
	w.feed(machine.Event{Kind: machine.Boot})
	w.chaos(events * 3 / 4)
	if w.chance(2) {
		w.settle()
	}
	w.end(events / 4)
}

// chaos lets everything happen at once.
func (w *world) chaos(events int) {
	for until := w.steps + events; w.steps < until && w.err == nil && !w.finished; {
		interference := w.now + w.pick(0, 10*time.Microsecond, time.Millisecond, 30*time.Millisecond, 400*time.Millisecond, 20*time.Second)
		if !w.passTime(interference) {
			w.interfere()
		}
	}
}

// passTime lets the next thing happen, if there is one before a certain time;
// otherwise it becomes that time.
func (w *world) passTime(until time.Duration) bool {
	deadline, timed := w.m.Deadline()
	if !timed {
		deadline = never
	}
	happens := w.schedule.next()
	switch {
	case happens > until && deadline > until:
		w.now = max(w.now, until)
		return false
	case happens <= deadline:
		w.now = max(w.now, happens)
		w.carryOut(w.schedule.take())
	default:
		w.now = max(w.now, deadline)
		w.feed(machine.Event{Kind: machine.Tick})
	}
	return true
}

// settle ends all trouble, waits for the last of it to pass, and then for what is to
// run to run.
func (w *world) settle() {
	w.calm = true
	for i := range w.services {
		w.services[i].missing = false
	}
	for w.err == nil && w.passTime(w.now+time.Hour) {
		if w.steps > 1<<24 {
			w.fail(machine.NoService, "it does not come to rest")
		}
	}
	w.checkCalm()
	w.calm = w.chance(2)
}

// end shuts everything down, in one of many ways.
func (w *world) end(events int) {
	if w.err != nil {
		return
	}
	orders := []machine.Event{
		{Kind: machine.Shutdown},
		{Kind: machine.ShutdownNow},
		{Kind: machine.Signal, Info: signals.Info{Signal: signals.SIGTERM}},
		{Kind: machine.Signal, Info: signals.Info{Signal: signals.SIGQUIT}},
	}
	if w.spec.HangUp {
		orders = append(orders, machine.Event{Kind: machine.Signal, Info: signals.Info{Signal: signals.SIGHUP, Code: signals.CodeKernel}, TerminalGone: true})
	}
	if w.shutdown == never {
		w.feed(orders[w.random.IntN(len(orders))])
	}
	for until := w.steps + events; w.err == nil && !w.finished; {
		switch {
		case w.steps > until:
			w.calm = true // or it would never end, with signals coming all the time
			fallthrough
		case w.calm:
			if !w.passTime(w.now + time.Hour) {
				w.fail(machine.NoService, "the shutdown waits for something that never comes")
			}
		case w.chance(200):
			w.feed(orders[w.random.IntN(len(orders))])
		case !w.passTime(w.now + w.pick(0, time.Millisecond, time.Second)):
			w.interfere()
		}
	}
	w.checkEnd()
}

// feed steps the machine, and then again with the results of what it asked for.
func (w *world) feed(ev machine.Event) {
	w.queue = append(w.queue[:0], ev)
	for i := 0; i < len(w.queue) && w.err == nil; i++ {
		w.step(w.queue[i])
	}
	w.checkIdle()
	w.checkAnswered()
	if w.steps%16 == 0 {
		w.checkBooks()
	}
}

func (w *world) step(ev machine.Event) {
	w.steps++
	w.noteEvent(ev)
	removed := w.removed(ev)
	actions := w.m.Step(w.now, ev)
	if !slices.Equal(actions, w.twin.Step(w.now, ev)) {
		w.fail(ev.Service, "the same events give other actions")
	}
	if w.chance(restoreEvery) {
		w.restoreTwin()
	}
	if w.keep {
		w.record = append(w.record, step{w.steps, w.now, ev, slices.Clone(actions)})
	}
	if removed {
		w.checkNobody(ev, actions)
		return
	}
	w.checkSequence(actions)
	for i := range actions {
		w.check(&actions[i])
		if w.err != nil {
			return
		}
		w.act(&actions[i])
	}
}

// restoreEvery is after how many events, on average, the twin is made anew: to write the
// machine down takes as long as some five hundred of them.
const restoreEvery = 3000

// restoreTwin puts in the place of the twin one that knows what the machine has written down,
// and no more.
func (w *world) restoreTwin() {
	var saved machine.Snapshot
	text, err := json.Marshal(w.m.Save())
	if err == nil {
		err = json.Unmarshal(text, &saved)
	}
	if err == nil {
		w.twin, err = machine.Restore(w.spec, saved)
	}
	if err != nil {
		w.fail(machine.NoService, "the machine cannot be restored: %w", err)
	}
}

// act carries out an action on the fake processes, and queues its result.
func (w *world) act(a *machine.Action) {
	switch a.Kind {
	case machine.Spawn, machine.Send, machine.Deliver, machine.Inspect, machine.Survey:
		if result, ok := w.request(a); ok {
			result.Service, result.Gen, result.Ticket = a.Service, a.Gen, a.Ticket
			w.queue = append(w.queue, result)
		}
	case machine.Kill:
		w.kill(a.Service, w.services[a.Service].tree)
	case machine.Follow:
		w.follow(a.Service, w.services[a.Service].tree)
	case machine.Hold:
		w.held |= a.Set
		w.taken = w.random.IntN(4)
	case machine.Release:
		w.held &^= a.Set
	case machine.Load:
		w.loading = true
	case machine.Finish:
		w.finished = true
	case machine.Tell, machine.Report, machine.ReportTail, machine.Forget, machine.RunHook:
	}
}

// request carries out an action that has a result, if it is one.
func (w *world) request(a *machine.Action) (result machine.Event, ok bool) {
	s := &w.services[a.Service]
	// All others have none.
	//exhaustive:ignore
	switch a.Kind {
	case machine.Spawn:
		return w.trySpawn(a.Service, a.Gen), true
	case machine.Send:
		n := w.signal(a.Service, s.tree, a.Scope, a.Signal)
		result = machine.Event{Kind: machine.Signalled, Count: n}
		if n > 0 && !w.calm && w.chance(20) {
			result.Count, result.Reason = 0, "operation not permitted"
		}
		return result, a.Ticket != 0
	case machine.Deliver:
		result = machine.Event{Kind: machine.Sent, Result: w.deliver(a.Service, s.tree, a.Info)}
		w.delivered(a, result.Result)
		return result, true
	case machine.Survey:
		return w.survey(s.tree), true
	case machine.Inspect:
		result = machine.Event{Kind: machine.Inspected, Effect: w.inspect(s.tree, a.Signal)}
		w.inspected(a, result.Effect)
		return result, true
	}
	return result, false
}

// trySpawn makes a new generation, if there is an executable, and room.
func (w *world) trySpawn(id machine.ServiceID, gen machine.Gen) machine.Event {
	s := &w.services[id]
	switch {
	case s.missing:
		return machine.Event{Kind: machine.SpawnFailed, Permanent: true, Reason: "execve: no such file or directory"}
	case !w.calm && w.chance(20):
		return machine.Event{Kind: machine.SpawnFailed, Reason: "clone3: resource temporarily unavailable"}
	}
	s.paused = false
	w.spawn(id, gen)
	return machine.Event{Kind: machine.Spawned, PID: int32(w.steps)}
}

// fail keeps the first promise that was broken.
func (w *world) fail(service machine.ServiceID, format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf("at %v, event %d: %w", w.now, w.steps, fmt.Errorf(format, args...))
		w.blame = service
	}
}

var errNotUp = errors.New("it is wanted up, and does not run although nothing prevents it")

// chance is true once in n times.
func (w *world) chance(n int) bool { return w.random.IntN(n) == 0 }

// pick returns one of several durations.
func (w *world) pick(choices ...time.Duration) time.Duration {
	return choices[w.random.IntN(len(choices))]
}
