package sim

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"supervise/config"
	"supervise/signals"
	"supervise/supervisor/control/request"
	"supervise/supervisor/machine"
)

// world is one loop and everything around it.
type world struct {
	seed   uint64
	random *rand.Rand
	now    time.Duration
	calm   bool
	graph  bool // services have conditions about others, in every second world

	coroutine // the loop, and what it runs on and talks to:
	system    *system
	clients   clients
	logs      fakeLogs
	board     fakeBoard

	ends     schedule         // of processes: they may end at any moment
	plans    schedule         // what happens while the loop waits
	services []*service       // by id
	units    []*unit          // the same, as the loop has them
	spec     *config.File     // in force
	loaded   []*configuration // those that were loaded since the beginning
	loads    []machine.Asker  // who has asked for one, and got none yet

	steps    int                 // of the machine
	stepsNow int                 // of this iteration
	idle     int                 // iterations without a step or a wait
	touched  []machine.ServiceID // what this iteration may have changed
	twin     *machine.Machine    // takes the same steps
	dispatch dispatch            // what the loop has to do with the machine's actions
	told     told                // what its journal has told
	commands                     // that are under way
	wanted   signals.Set         // that the machine wants held
	shutdown time.Duration       // when one began; never before that
	cutting  bool                // its ladders are cut
	doubt    bool                // what may be ready counts as such
	finished bool                // the machine has said so

	record []line // nil unless the world is played for its transcript
	keep   bool
	err    error
	blame  *service
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
		return w.steps, fmt.Errorf("seed %d: %w, and not when played again: the simulation is not deterministic (%v)", seed, w.err, again.err)
	}
	return w.steps, fmt.Errorf("seed %d: %w\n%s", seed, w.err, again.transcript())
}

func newWorld(seed uint64) *world {
	w := &world{
		seed: seed, random: rand.New(rand.NewPCG(seed, 0)), shutdown: never,
		commands: commands{asked: map[question]bool{}},
	}
	w.system = &system{w: w, nextPID: firstPID}
	w.dispatch.askers = make([]machine.Asker, 0, journalSize)
	w.told.entries, w.told.matters = make([]request.Event, 0, 2*journalSize), make([]matter, 0, journalSize)
	w.clients.w, w.board.w, w.logs.w = w, w, w
	w.graph = seed%2 == 1
	w.spec = w.file()
	_ = w.board.Resize(len(w.spec.Services))
	w.twin = machine.New(w.spec, uint64(w.began().UnixNano()))
	for i := range w.spec.Services {
		w.services = append(w.services, &service{id: machine.ServiceID(i), spec: &w.spec.Services[i]})
	}
	return w
}

// play lets the world run its course.
func (w *world) play(events int) {
	w.startLoop()
	defer w.stop()
	w.chaos(events * 3 / 4)
	if w.chance(2) {
		w.settle()
	}
	w.end(events / 4)
	w.close()
}

// chaos lets everything happen at once.
func (w *world) chaos(events int) {
	for until := w.steps + events; w.steps < until && w.goesOn(); {
		interference := w.now + w.pick(0, 10*time.Microsecond, time.Millisecond, 30*time.Millisecond, 400*time.Millisecond, 20*time.Second)
		if !w.passTime(interference) {
			w.interfere()
		}
	}
}

// goesOn reports whether the loop runs, and has kept its promises.
func (w *world) goesOn() bool { return w.err == nil && !w.over }

// passTime lets the next thing happen, if there is one before a certain time;
// otherwise it becomes that time.
func (w *world) passTime(until time.Duration) bool {
	if w.system.woken { // by what happened outside of it
		w.resume(signals.Info{}, false)
		return true
	}
	next := min(w.ends.next(), w.plans.next())
	switch {
	case next > until && w.timeout > until:
		w.now = max(w.now, until)
		return false
	case next > w.timeout:
		w.now = max(w.now, w.timeout)
		w.resume(signals.Info{}, false)
		return true
	}
	w.now = max(w.now, next)
	if w.ends.next() <= next {
		w.endProcess(w.ends.take())
	} else {
		w.plans.take().do()
	}
	if w.system.woken {
		w.resume(signals.Info{}, false)
	}
	return true
}

// wakeSoon has Wait return some time later, as news take their time.
func (w *world) wakeSoon() {
	w.system.after(w.pick(0, 0, 50*time.Microsecond, time.Millisecond), w.system.Wake)
}

// settle ends all trouble, waits for the last of it to pass, and then for what is to
// run to run.
func (w *world) settle() {
	w.calm = true
	for _, s := range w.services {
		s.missing = false
	}
	w.heal()
	for w.goesOn() && w.passTime(w.now+time.Hour) {
		if w.steps > 1<<24 {
			w.fail(nil, "it does not come to rest")
		}
	}
	if w.goesOn() {
		w.checkCalm()
	}
	w.calm = w.chance(2)
}

// end shuts everything down, in one of many ways.
func (w *world) end(events int) {
	if w.goesOn() && w.shutdown == never {
		w.orderEnd()
	}
	for until := w.steps + events; w.goesOn(); {
		switch {
		case w.steps > until:
			w.calm = true // or it would never end, with signals coming all the time
			fallthrough
		case w.calm:
			if !w.passTime(w.now + time.Hour) {
				w.fail(nil, "the shutdown waits for something that never comes")
			}
		case w.chance(200):
			w.orderEnd()
		case !w.passTime(w.now + w.pick(0, time.Millisecond, time.Second)):
			w.interfere()
		}
	}
}

// orderEnd is somebody who wants everything down.
func (w *world) orderEnd() {
	switch w.random.IntN(4) {
	case 0:
		w.ask(request.Shutdown{Now: w.chance(2)})
		w.resume(signals.Info{}, false)
	case 1:
		w.resume(signals.Info{Signal: signals.SIGTERM, PID: 2, UID: 2}, true)
	case 2:
		w.resume(signals.Info{Signal: signals.SIGQUIT, PID: 2, UID: 2}, true)
	case 3:
		if w.spec.HangUp {
			w.resume(signals.Info{Signal: signals.SIGHUP, Code: signals.CodeKernel}, true)
		} else {
			w.resume(signals.Info{Signal: signals.SIGINT, Code: signals.CodeKernel}, true)
		}
	}
}

// close ends the loop as supervise does: everybody is answered, and all is given up.
func (w *world) close() {
	if w.err != nil {
		return
	}
	w.loop.End()
	for w.system.beside > 0 { // who is at it finishes
		w.now = max(w.now, w.plans.next())
		w.plans.take().do()
	}
	w.loop.Close()
	w.checkEnd()
	w.checkClosed()
}

// restoreEvery is after how many events, on average, the twin is made anew: to write the
// machine down takes as long as some five hundred of them.
const restoreEvery = 3000

// restoreTwin puts in the place of the twin one that knows what it has written down, and no
// more.
func (w *world) restoreTwin() {
	var saved machine.Snapshot
	text, err := json.Marshal(w.twin.Save())
	if err == nil {
		err = json.Unmarshal(text, &saved)
	}
	if err == nil {
		w.twin, err = machine.Restore(w.spec, saved)
	}
	if err != nil {
		w.fail(nil, "the machine cannot be restored: %w", err)
	}
}

// fail keeps the first promise that was broken, and whose it was, if that is somebody's.
func (w *world) fail(of *service, format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf("at %v, event %d: %w", w.now, w.steps, fmt.Errorf(format, args...))
		w.blame = of
	}
}

var errNotUp = errors.New("it is wanted up, and does not run although nothing prevents it")

// chance is true once in n times.
func (w *world) chance(n int) bool { return w.random.IntN(n) == 0 }

// pick returns one of several durations.
func (w *world) pick(choices ...time.Duration) time.Duration {
	return choices[w.random.IntN(len(choices))]
}
