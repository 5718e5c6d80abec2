package sim

import (
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"supervise/signals"
	"supervise/supervisor"
	"supervise/supervisor/control/request"
	"supervise/supervisor/journal"
	"supervise/supervisor/machine"
)

// coroutine is the loop between two calls of Wait. It runs while the world waits in resume,
// and the world does while the loop waits in pause.
type coroutine struct {
	loop    *supervisor.Supervisor
	timeout time.Duration // until when it waits, at the longest
	next    func() (struct{}, bool)
	stop    func()
	yield   func(struct{}) bool
	info    signals.Info // what it waits for, if signalled
	signal  bool
	booted  bool // what was to be started at the start has been
	over    bool // Run has returned
}

// errAborted ends a loop in whose world a promise was broken.
var errAborted = errors.New("aborted")

// startLoop has the loop come up, with the board and the clients that it always has.
func (w *world) startLoop() {
	w.loop = supervisor.New(supervisor.Setup{
		Kernel: w.system, Configuration: w.prepare(w.spec), Self: request.Supervisor{PID: selfPID, Since: w.began()},
		Log: zerolog.Nop(), Logs: &w.logs, Recorder: &journalRecorder{w: w},
	})
	w.loop.Show(&w.board)
	w.loop.Take(&w.clients)
	w.followAll()
	w.next, w.stop = iter.Pull(w.run)
	w.resume(signals.Info{}, false)
}

// began is when time began, and what the loop seeds its machine with.
func (w *world) began() time.Time { return time.Unix(0, int64(w.seed)+1) }

// run is the loop's side.
func (w *world) run(yield func(struct{}) bool) {
	defer func() {
		if cause := recover(); cause != nil && cause != errAborted {
			w.fail(nil, "panic: %v\n%s", cause, frames())
		}
	}()
	w.yield = yield
	w.loop.Run(func() { w.booted = true })
	w.over = true
}

// frames are the functions in which a panic happened, without addresses, so that they are the
// same each time.
func frames() string {
	var callers [16]uintptr
	frames := runtime.CallersFrames(callers[:runtime.Callers(3, callers[:])])
	var b strings.Builder
	for frame, more := frames.Next(); more; frame, more = frames.Next() {
		fmt.Fprintf(&b, "    %s, line %d\n", frame.Function, frame.Line)
	}
	return b.String()
}

// pause has the loop wait until it is resumed.
func (w *world) pause() (signals.Info, bool) {
	if w.err != nil || !w.yield(struct{}{}) {
		panic(errAborted)
	}
	if !w.signal { // or there may be more to look at
		w.system.woken = false
	}
	return w.info, w.signal
}

// resume has Wait return, and returns when the loop waits again or has ended.
func (w *world) resume(info signals.Info, signalled bool) {
	if w.over || w.err != nil {
		return
	}
	w.info, w.signal = info, signalled
	w.dispatch.signal = signalled
	w.next()
}

// maxSteps is how many steps one iteration of the loop may take: more never end.
const maxSteps = 10_000

// observe is told of each step of the machine, before its actions are carried out.
func (w *world) observe(s *journal.Step) {
	now, ev, actions := s.Now, &s.Event, s.Actions
	w.steps++
	if w.stepsNow++; w.stepsNow > maxSteps {
		w.fail(nil, "%v is followed by event after event, without end", ev.Kind)
		panic(errAborted)
	}
	if w.err != nil {
		return
	}
	if w.keep {
		w.record = append(w.record, line{now: now, step: w.steps, event: *ev, actions: actions})
	}
	w.noteAsker(ev)
	w.checkEvent(ev)
	w.noteEvent(ev)
	if ev.Kind == machine.Update {
		w.checkUpdate(now, ev, actions)
	} else {
		w.checkActions(now, ev, actions)
	}
	w.touch(ev, actions)
	w.expectEntries(ev, actions)
	w.dispatched(actions)
}

// checkActions compares what the machine answers with what its twin does, and looks at it.
func (w *world) checkActions(now time.Duration, ev *machine.Event, actions []machine.Action) {
	if !slices.Equal(actions, w.twin.Step(now, *ev)) {
		w.fail(nil, "the same events give other actions")
	}
	if w.chance(restoreEvery) {
		w.restoreTwin()
	}
	w.checkSequence(actions)
	for i := range actions {
		w.check(&actions[i])
	}
}

// checkIteration is called when the loop has done everything, and waits.
func (w *world) checkIteration(timeout time.Duration) {
	if w.err != nil {
		return
	}
	w.checkTimeout(timeout)
	w.checkDispatched()
	w.checkIdle()
	w.checkRests()
	w.checkAnswered()
	if len(w.touched) > 0 {
		w.checkFIFOs()
	}
	w.checkEntries()
	w.checkStatus()
	w.checkCalls()
	if w.stepsNow > 0 && w.chance(16) {
		w.checkBooks()
	}
	w.stepsNow = 0
}
