package trace

import (
	"strconv"
	"time"

	"supervise/signals"
)

// delivered takes the record of a signal that was handed to its process.
func (j *Joiner) delivered(r *Record) {
	p := j.process(r.Task.PID)
	defer j.forget(r.Task.PID, p)
	if r.Bare && r.Signal == signals.SIGKILL {
		if w := p.cause(); w != nil {
			j.ends(p, w, r)
		}
		return
	}
	w := j.match(p, r)
	if w == nil {
		if r.Aside {
			return
		}
		w = &waiting{life: j.unsent(r), sent: r.Time}
	}
	w.life.Latency = time.Duration(r.Time - w.sent)
	p.remove(w)
	switch {
	case r.Handler > 1:
		j.handled(p, w, r)
	case r.Handler == 1:
		w.life.Verdict, w.life.Detail = Discarded, "ignored by the process when it was to be delivered"
		j.emit(w)
	default:
		j.byDefault(p, w, r)
	}
}

// unsent is the life of a signal whose sending was not recorded.
func (j *Joiner) unsent(r *Record) *Life {
	life := &Life{
		Time: j.time(r.Time), Signal: r.Signal, Code: r.Code, Target: j.task(&r.Task),
		Sender: Task{PID: -1, TID: -1, UID: -1, NSPID: -1},
	}
	if r.SenderPID >= 0 {
		life.Sender.PID, life.Sender.UID = int(r.SenderPID), r.SenderUID
	}
	if r.valued() {
		value := r.Value
		life.Value = &value
	}
	return life
}

// handled holds a signal that a handler was called for, as an exit may follow.
func (j *Joiner) handled(p *process, w *waiting, r *Record) {
	life := w.life
	life.Verdict, life.Handler = Handled, r.Handler
	if j.options.Symbol != nil && r.Handler != SomeHandler {
		life.Symbol = j.options.Symbol(int(r.Task.PID), r.Handler)
	}
	life.Detail = "by " + life.Symbol
	switch {
	case r.Handler == SomeHandler:
		life.Handler, life.Detail = 0, "by its handler"
	case life.Symbol == "":
		life.Detail = "by 0x" + strconv.FormatUint(r.Handler, 16)
	}
	if p.held != nil {
		j.emit(p.held)
		p.held = nil
	}
	if action := life.Signal.Default(); action != signals.Terminate && action != signals.Core {
		j.emit(w)
		return
	}
	w.since = r.Time
	p.held = w
}

// byDefault ends a signal that was delivered to a process without a handler.
func (j *Joiner) byDefault(p *process, w *waiting, r *Record) {
	life := w.life
	action := life.Signal.Default()
	switch {
	case action == signals.Ignore, action == signals.Continue: // which has its effect when it is sent
		life.Verdict, life.Detail = Discarded, "ignored by default when it was to be delivered"
	case w.flags&FlagInit != 0 && life.Signal.Catchable():
		life.Verdict, life.Detail = Dropped, "the init of a PID namespace gets only what it handles"
	case action == signals.Stop:
		life.Verdict, life.Detail = Stopped, "by default"
	default:
		j.ends(p, w, r)
		return
	}
	j.emit(w)
}

// ends notes that a signal ends its process; its exit follows.
func (j *Joiner) ends(p *process, w *waiting, r *Record) {
	p.remove(w)
	if p.ending != nil {
		j.emit(p.ending)
	}
	w.life.Verdict, w.life.Detail, w.since = Terminated, "by default", r.Time
	w.life.Latency = time.Duration(r.Time - w.sent)
	if w.life.Signal == signals.SIGKILL {
		w.life.Detail = ""
	}
	p.ending = w
}

// match returns the signal that was delivered. Of real-time signals the value shows whether it
// is the one that was to come next; if not, the deliveries of those before it were not recorded,
// or its own sending was not: then it returns nil.
func (j *Joiner) match(p *process, r *Record) *waiting {
	w := p.match(r.Signal, r.Task.TID)
	if w == nil || !r.Signal.RealTime() || !r.valued() || w.has(r.Value) {
		return w
	}
	for _, tid := range []int32{r.Task.TID, 0} {
		if w = p.findValue(r.Signal, tid, r.Value); w != nil {
			j.skip(p, w)
			return w
		}
	}
	return nil
}

// has reports whether the signal may have been sent with the value.
func (w *waiting) has(value uint64) bool { return w.life.Value == nil || *w.life.Value == value }

// findValue is find of a signal with a value.
func (p *process) findValue(s signals.Signal, tid int32, value uint64) *waiting {
	for _, w := range p.waiting {
		if w.life.Signal == s && w.tid == tid && w.has(value) {
			return w
		}
	}
	return nil
}

// skip ends the signals that were before w in its queue.
func (j *Joiner) skip(p *process, w *waiting) {
	for {
		before := p.find(w.life.Signal, w.tid)
		if before == nil || before == w {
			return
		}
		unseen(before.life)
		p.remove(before)
		j.emit(before)
	}
}

// match returns the signal that the kernel takes next: a thread's own queue is before the
// process's.
func (p *process) match(s signals.Signal, tid int32) *waiting {
	if w := p.find(s, tid); w != nil {
		return w
	}
	return p.find(s, 0)
}

// cause returns what a bare SIGKILL is delivered for, or nil: exit_group(2) and execve(2)
// use it, too.
func (p *process) cause() *waiting {
	if p.ending != nil {
		return nil
	}
	var found *waiting
	for _, w := range p.waiting {
		switch {
		case w.fatal:
			return w
		case w.life.Signal == signals.SIGKILL:
			found = w
		case found == nil && w.guess && w.life.Signal.Default() == signals.Terminate:
			found = w
		}
	}
	return found
}

// dequeued takes the record of a signal that a call took.
func (j *Joiner) dequeued(r *Record) {
	p := j.process(r.Task.PID)
	defer j.forget(r.Task.PID, p)
	w := p.match(r.Signal, r.Task.TID)
	if w == nil {
		if r.Aside {
			return
		}
		w = &waiting{life: j.unsent(r), sent: r.Time}
	}
	p.remove(w)
	w.life.Verdict, w.life.Detail = Taken, "by sigtimedwait(2) or signalfd(2)"
	w.life.Latency = time.Duration(r.Time - w.sent)
	j.emit(w)
}

// exited ends all that the process had to do with.
func (j *Joiner) exited(r *Record) {
	p := j.process(r.Task.PID)
	delete(j.processes, r.Task.PID)
	killer := signals.Signal(0)
	if r.Status >= 0 {
		killer = signals.Signal(r.Status & 0x7f)
	}
	if p.ending == nil && killer != 0 {
		p.blame(killer)
	}
	if w := p.ending; w != nil {
		j.attach(w, r)
		switch {
		case r.Status >= 0 && killer != w.life.Signal:
			w.life.Verdict, w.life.Detail = Discarded, "the process was ending already"
		case w.life.Exit.Core:
			w.life.Verdict = Dumped
		}
		j.emit(w)
	}
	if p.held != nil {
		j.attach(p.held, r)
		j.emit(p.held)
	}
	lost := len(p.waiting) > 0 && j.lost()
	for _, w := range p.waiting {
		w.life.Verdict, w.life.Detail = Discarded, "the process ended while it waited"
		if lost {
			unseen(w.life)
		}
		j.attach(w, r)
		j.emit(w)
	}
	if r.Context {
		j.event(r)
	}
}

// blame makes the signal that the process died of, and whose delivery was not recorded, the
// one that ends it.
func (p *process) blame(killer signals.Signal) {
	for _, w := range p.waiting {
		if w.life.Signal == killer {
			p.remove(w)
			w.life.Verdict, w.life.Detail = Terminated, "by default"
			p.ending = w
			return
		}
	}
}

// attach tells a life of the exit that followed.
func (j *Joiner) attach(w *waiting, r *Record) {
	w.life.Exit = exitOf(r.Status, r.Time-min(r.Time, w.sent))
	if r.Status < 0 && w.life.Verdict == Terminated {
		w.life.Exit.Code, w.life.Exit.Signal = 0, w.life.Signal
	}
}

// taken ends what has waited long and is pending no more: no record tells of what signalfd(2)
// takes, or a SIG_IGN throws away.
func (j *Joiner) taken(p *process, now uint64) {
	if j.options.Pending == nil {
		return
	}
	for i := 0; i < len(p.waiting); i++ {
		w := p.waiting[i]
		if now <= max(w.sent, w.checked)+patience {
			continue
		}
		w.checked = now
		waiting, ignored, ok := j.options.Pending(w.life.Target.PID, w.life.Target.TID)
		if !ok || waiting.Has(w.life.Signal) {
			continue
		}
		j.vanished(p, w, ignored)
		i--
	}
}

// vanished ends a signal that waits no more, without a record that says why.
func (j *Joiner) vanished(p *process, w *waiting, ignored signals.Set) {
	w.life.Verdict, w.life.Detail = Taken, "by sigtimedwait(2) or signalfd(2)"
	switch {
	case ignored.Has(w.life.Signal):
		w.life.Verdict, w.life.Detail = Discarded, "the process came to ignore it"
	case j.lost():
		unseen(w.life)
	}
	p.remove(w)
	j.emit(w)
}

// unseen is the verdict of a signal whose end may be among the records that were lost.
func unseen(life *Life) {
	life.Verdict, life.Detail = Unseen, "records of deliveries were lost"
}

// pend is the verdict of a signal that still waits.
func pend(life *Life) {
	life.Verdict = Pending
	switch {
	case life.Blocked:
		life.Detail = "blocked"
	default:
		life.Detail = "not delivered yet"
	}
}
