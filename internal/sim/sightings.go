package sim

import (
	"supervise/signals"
	"supervise/signals/recorder"
)

// strangerPID is that of whoever sends signals that nobody asked the supervisor for.
const strangerPID = 50

// recording reports whether the fake kernel tells who sends signals: in every second world.
func (w *world) recording() bool { return w.seed%2 == 1 }

// loses is of how many recorded signals one is lost.
const loses = 16

// sight has the fake kernel record a signal, unless that is lost.
func (w *world) sight(p *process, s signals.Signal, from sender) {
	if !w.recording() || p.tree == nil || !p.alive {
		return
	}
	r := recorder.Signal{
		Signal: s, Target: int32(p.pid), Name: "process", Service: p.tree.service.spec.Name, Time: uint64(w.now), Blocked: p.blocked,
	}
	switch from.source {
	case itself:
		r.Self, r.Code, r.Sender = true, signals.CodeThread, recorder.Process{PID: r.Target, Name: r.Name}
	case stranger:
		r.Sender = recorder.Process{PID: strangerPID, Name: "stranger"}
	case asked, rung, ladderEnd:
		r.Sender = recorder.Process{PID: selfPID, Name: "supervise"}
	}
	switch {
	case p.dying:
		r.Result, r.Handler = recorder.Ignored, 1
	case from.source == itself || !s.Catchable():
	case p.ignored.Has(s):
		r.Result, r.Handler = recorder.Ignored, 1
	case p.caught.Has(s):
		r.Handler = 2
	}
	if p.pendingSet().Has(s) && s.Catchable() && from.source != itself {
		r.Result = recorder.Coalesced
	}
	k := w.system
	if (w.steps+p.pid)%loses == 0 {
		k.lost++
		p.unseen = true
		return
	}
	k.recorded = append(k.recorded, r)
}

// Recorded hands it over.
func (k *system) Recorded(take func(*recorder.Signal)) (lost uint64) {
	recorded := k.recorded
	k.recorded = nil
	for i := range recorded {
		take(&recorded[i])
	}
	return k.lost
}

// Recording reports whether there is one.
func (k *system) Recording() bool { return k.w.recording() }
