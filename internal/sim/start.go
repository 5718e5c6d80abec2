package sim

import (
	"errors"
	"time"

	"supervise/supervisor/kernel"
	"supervise/supervisor/machine"
)

// start is the start of a generation, from the loop's asking for it to its learning of the
// result.
type start struct {
	kernel.Start
	service *service
	leader  *process // nil: not yet, or there is none
	atOnce  bool     // it has its result before the loop goes on
	held    bool     // the kernel holds it, and does not let it be killed either
	givenUp bool     // the loop has said so
	over    bool     // it has a result
	told    bool     // and the loop has that
}

// delayTime is after what time the loop is told that a start takes long.
const delayTime = time.Second

// begin has a start take its time. Some take longer than is good, or never end.
func (w *world) begin(st *start) {
	if w.chance(2) {
		st.atOnce = true
		w.finish(st)
		return
	}
	takes := w.system.soon()
	if !w.calm && w.chance(20) {
		takes = w.pick(900*time.Millisecond, 3*time.Second, time.Minute, never)
		st.held = w.chance(3)
	}
	if takes > delayTime {
		w.system.after(delayTime, func() {
			w.system.post(func() { w.delay(st) })
		})
	}
	if takes != never {
		w.system.after(takes, func() { w.finish(st) })
	}
}

// delay tells the loop that a start takes long.
func (w *world) delay(st *start) {
	if st.told {
		return
	}
	const reason = "chdir /net/www"
	w.expectResult(machine.Event{Kind: machine.Delayed, Service: st.service.id, Gen: st.Gen, Reason: reason})
	st.Delayed(reason)
}

var (
	errMissing = errors.New("execve: no such file or directory")
	errNoRoom  = errors.New("clone3: resource temporarily unavailable")
	errGivenUp = errors.New("given up, as it took too long")
)

// finish ends a start, unless that has been given up.
func (w *world) finish(st *start) {
	switch s := st.service; {
	case st.over:
	case s.missing:
		w.started(st, kernel.Started{Err: errMissing})
	case !w.calm && w.chance(20):
		w.started(st, kernel.Started{Err: errNoRoom, Temporary: true})
	default:
		st.leader = w.spawn(s, st.Gen)
		st.leader.unknown = true
		w.started(st, kernel.Started{PID: st.leader.pid})
	}
}

// started has the loop be told of the result, before it can reap the process.
func (w *world) started(st *start, result kernel.Started) {
	st.over = true
	tell := func() {
		ev := machine.Event{Kind: machine.Spawned, Service: st.service.id, Gen: st.Gen, PID: int32(result.PID)}
		if result.Err != nil {
			ev.Kind, ev.Reason, ev.Permanent = machine.SpawnFailed, result.Err.Error(), !result.Temporary
		} else {
			st.service.paused = false
			st.leader.unknown = false
			w.system.woken = true // it may have ended
		}
		st.told = true
		w.expectResult(ev)
		st.Ended(result)
	}
	if st.atOnce {
		tell()
	} else {
		w.system.post(tell)
	}
}

// giveUp ends a start, unless the kernel holds it even then.
func (w *world) giveUp(st *start) {
	st.givenUp = true
	if !st.over && !st.held {
		w.started(st, kernel.Started{Err: errGivenUp, Temporary: true})
	}
}

// healStarts lets every start go on.
func (w *world) healStarts() {
	for _, s := range w.services {
		switch st := s.start; {
		case st == nil || st.over:
		case st.givenUp:
			w.started(st, kernel.Started{Err: errGivenUp, Temporary: true})
		default:
			w.finish(st)
		}
	}
}

// starting reports whether a start is under way, as far as the loop knows.
func (s *service) starting() bool { return s.start != nil && !s.start.told }
