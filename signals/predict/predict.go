package predict

import "supervise/signals"

// Of says what will become of a signal.
func Of(s Sending, t *Target) Forecast {
	if f, ok := refused(s, t); ok {
		return f
	}
	if f, ok := dropped(s, t); ok {
		return f
	}
	f := arrival(s, t)
	switch {
	case s.Signal == signals.SIGKILL: // which needs no room
	case t.Waiting(s) && !s.Signal.RealTime():
		f = Forecast{Fate: Coalesced, Reason: PendingAlready}
	case t.full(s) && s.Signal.RealTime() && s.Code != signals.CodeUser:
		f = Forecast{Fate: Overflow, Reason: QueueFull}
	default:
		f.InfoLost = t.full(s)
	}
	// All that is special about SIGCONT has happened by now, whatever becomes of the rest.
	if s.Signal == signals.SIGCONT && t.stopped() {
		return Forecast{Fate: Continued, Reason: f.Reason, Thread: f.Thread, Then: f.Fate, InfoLost: f.InfoLost}
	}
	return f
}

// refused are the signals that the system call does not take, or takes for nobody.
func refused(s Sending, t *Target) (f Forecast, ok bool) {
	switch {
	case t.Denied:
		return Forecast{Fate: Failed, Reason: NotPermitted}, true
	case len(t.Threads) == 0, len(t.threads(s)) == 0:
		return Forecast{Fate: Failed, Reason: NoThread}, true
	case t.Ended:
		return Forecast{Fate: Discarded, Reason: Zombie}, true
	case t.Dying:
		return Forecast{Fate: Discarded, Reason: Ending}, true
	}
	return f, false
}

// dropped are the signals that do not reach the queue: prepare_signal and sig_ignored in the
// kernel's signal.c. A blocked signal is never one of them, as its disposition may change by
// the time it is unblocked, nor one that a tracer wants to see.
func dropped(s Sending, t *Target) (f Forecast, ok bool) {
	asked := &t.threads(s)[0]
	if asked.Blocked.Has(s.Signal) || asked.Waits.Has(s.Signal) || asked.Traced && s.Signal != signals.SIGKILL {
		return f, false
	}
	switch {
	case t.Ignored.Has(s.Signal):
		f = Forecast{Fate: Ignored, Reason: Disposition}
	case t.protected(s):
		f = Forecast{Fate: Dropped, Reason: NamespaceInit}
	case !t.Caught.Has(s.Signal) && s.Signal.Default() == signals.Ignore,
		!t.Caught.Has(s.Signal) && s.Signal.Default() == signals.Continue:
		f = Forecast{Fate: Ignored, Reason: NoEffect}
	default:
		return f, false
	}
	if s.Signal == signals.SIGCONT && t.stopped() {
		return Forecast{Fate: Continued, Reason: f.Reason}, true
	}
	return f, true
}

// protected reports whether a target is the init of a PID namespace without a handler. From
// above that namespace SIGKILL and SIGSTOP reach it: sig_task_ignored in the kernel's signal.c.
func (t *Target) protected(s Sending) bool {
	return t.Init && !t.Caught.Has(s.Signal) && !(t.Outside && !s.Signal.Catchable())
}

// arrival is what becomes of a signal that is queued.
func arrival(s Sending, t *Target) Forecast {
	if s.Signal == signals.SIGKILL { // which nothing can hold up
		return Forecast{Fate: Terminated, Reason: Default}
	}
	action := t.action(s.Signal)
	for _, thread := range t.threads(s) {
		if thread.Ended || thread.Blocked.Has(s.Signal) {
			continue
		}
		f := Forecast{Fate: action, Reason: t.reason(s.Signal), Thread: thread.ID}
		switch {
		case thread.Stopped:
			return Forecast{Fate: Pending, Reason: WhileStopped, Then: whenContinued(s.Signal, action)}
		case thread.Waits.Has(s.Signal):
			return Forecast{Fate: Taken, Reason: Waiter, Thread: thread.ID}
		case thread.Traced:
			f.Reason = Tracer
		case t.Frozen && action != Terminated && action != Dumped:
			return Forecast{Fate: Pending, Reason: WhileFrozen, Then: action}
		}
		return f
	}
	// Every thread that could take it blocks it.
	switch {
	case t.Descriptors.Has(s.Signal):
		return Forecast{Fate: Taken, Reason: Descriptor}
	case t.protected(s):
		action = Dropped
	}
	return Forecast{Fate: Pending, Reason: Blocked, Then: action}
}

// whenContinued is what becomes of a signal that waits for the end of a stop: SIGCONT throws away
// all that would stop the process, also where they are caught (prepare_signal).
func whenContinued(s signals.Signal, action Fate) Fate {
	if s.Default() == signals.Stop {
		return Discarded
	}
	return action
}

// action is what a delivered signal does: get_signal in the kernel's signal.c.
func (t *Target) action(s signals.Signal) Fate {
	switch {
	case t.Caught.Has(s):
		return Handled
	case t.Ignored.Has(s):
		return Ignored
	}
	switch s.Default() {
	case signals.Terminate:
		return Terminated
	case signals.Core:
		return Dumped
	case signals.Stop:
		if t.Orphaned && s != signals.SIGSTOP {
			return Discarded
		}
		return Stopped
	case signals.Ignore, signals.Continue:
	}
	return Ignored
}

// reason is why a delivered signal does what it does.
func (t *Target) reason(s signals.Signal) Reason {
	switch {
	case t.Caught.Has(s):
		return Handler
	case t.Ignored.Has(s):
		return Disposition
	case t.Orphaned && s != signals.SIGSTOP && s.Default() == signals.Stop:
		return OrphanedGroup
	case s.Default() == signals.Ignore, s.Default() == signals.Continue:
		return NoEffect
	}
	return Default
}
