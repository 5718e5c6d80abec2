package trace

import (
	"strconv"

	"supervise/signals"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// The stop signals, which SIGCONT removes from the queue, as they remove it: prepare_signal.
var stops = signals.SetOf(signals.SIGSTOP, signals.SIGTSTP, signals.SIGTTIN, signals.SIGTTOU)

// sent takes the record of a signal that was sent.
func (j *Joiner) sent(r *Record) {
	j.counts.Sent++
	w := &waiting{sent: r.Time, tid: r.tid(), flags: r.Flags, guess: !r.Detailed}
	life := &w.own
	w.life = life
	*life = Life{
		Time: j.time(r.Time), Signal: r.Signal, Code: r.Code, Sender: j.task(&r.Task), Target: j.task(&r.Target),
		Group: r.Group, Blocked: r.Detailed && r.Blocked.Has(r.Signal),
	}
	if r.valued() {
		value := r.Value
		life.Value = &value
	}
	p := j.process(r.Target.PID)
	j.cancelled(p, r)
	switch r.Result {
	case IgnoredAtOnce:
		life.Verdict, life.Detail = ignored(r)
		j.tell(life)
	case AlreadyPending:
		life.Verdict, life.Detail = Coalesced, "one waits already"
		if w := p.find(r.Signal, r.tid()); w != nil {
			life.Detail = "one waits already, from " + who(&w.life.Sender)
		}
		j.tell(life)
	case QueueFull:
		life.Verdict, life.Detail = Overflow, "RLIMIT_SIGPENDING: the sender got EAGAIN"
		j.tell(life)
	case Queued, InfoLost:
		life.InfoLost = r.Result == InfoLost
		if before := p.find(r.Signal, r.tid()); before != nil && !r.Signal.RealTime() {
			j.vanished(p, before, 0) // or this one would have been merged with it
		}
		w.fatal = r.Detailed && r.Flags&FlagDying != 0 && p.ending == nil && !p.dying()
		p.waiting = append(p.waiting, w)
		return
	}
	j.forget(r.Target.PID, p)
}

// tid is the thread that a signal is for, or 0.
func (r *Record) tid() int32 {
	if r.Group {
		return 0
	}
	return r.Target.TID
}

// valued reports whether it is known that a value was sent with the signal, and which.
func (r *Record) valued() bool { return r.ValueKnown && r.Code < 0 && r.Code != signals.CodeThread }

// who names a task.
func who(t *Task) string {
	if t.Comm == "" {
		return "pid " + itoa(int64(t.PID))
	}
	return t.Comm + " (" + itoa(int64(t.PID)) + ")"
}

// ignored says why a signal was not even queued.
func ignored(r *Record) (Verdict, string) {
	switch {
	case !r.Detailed && r.Signal == signals.SIGCONT:
		return Ignored, "but the process, if it was stopped, has been continued"
	case !r.Detailed:
		return Ignored, "by the process, by default, or because it is ending"
	case r.Flags&FlagDying != 0:
		return Discarded, "the process is ending already"
	case r.Signal == signals.SIGCONT && r.Flags&FlagContinued != 0:
		return Continued, ""
	case r.Handler == 1:
		return Ignored, "by the process"
	case r.Flags&FlagInit != 0 && r.Signal.Default() != signals.Ignore:
		return Dropped, "the init of a PID namespace gets only what it handles"
	default:
		return Ignored, "by default"
	}
}

// dying reports whether one that waits was seen to end the process.
func (p *process) dying() bool {
	for _, w := range p.waiting {
		if w.fatal {
			return true
		}
	}
	return false
}

// find returns the signal that waits longest, for the thread or for the process.
func (p *process) find(s signals.Signal, tid int32) *waiting {
	for _, w := range p.waiting {
		if w.life.Signal == s && w.tid == tid {
			return w
		}
	}
	return nil
}

// remove takes one that no longer waits from the queue.
func (p *process) remove(w *waiting) {
	for i := range p.waiting {
		if p.waiting[i] == w {
			copy(p.waiting[i:], p.waiting[i+1:])
			p.waiting[len(p.waiting)-1] = nil
			p.waiting = p.waiting[:len(p.waiting)-1]
			return
		}
	}
}

// cancelled ends what a stop signal or SIGCONT removes from the queue.
func (j *Joiner) cancelled(p *process, r *Record) {
	var gone signals.Set
	switch {
	case r.Detailed && r.Flags&FlagDying != 0:
		return
	case r.Signal == signals.SIGCONT:
		gone = stops
	case stops.Has(r.Signal):
		gone = signals.SetOf(signals.SIGCONT)
	default:
		return
	}
	for i := 0; i < len(p.waiting); i++ {
		if w := p.waiting[i]; gone.Has(w.life.Signal) {
			w.life.Verdict, w.life.Detail = Discarded, r.Signal.String()+" took it back"
			p.remove(w)
			j.emit(w)
			i--
		}
	}
}

// refused takes a call that failed.
func (j *Joiner) refused(r *Record) {
	life := &Life{
		Time: j.time(r.Time), Signal: r.Signal, Sender: j.task(&r.Task), Target: j.task(&r.Target),
		Verdict: Failed, Call: r.Call, Error: errno(r.Errno),
	}
	life.Detail = r.Call + ": " + life.Error
	j.tell(life)
}

// errno names the errors of the calls that send signals.
func errno(n int32) string {
	switch n {
	case 1:
		return "EPERM"
	case 3:
		return "ESRCH"
	case 9:
		return "EBADF"
	case 11:
		return "EAGAIN"
	case 14:
		return "EFAULT"
	case 22:
		return "EINVAL"
	default:
		return "errno " + itoa(int64(n))
	}
}
