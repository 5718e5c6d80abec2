package predict

// Seen says what has become of a signal that the kernel took, from what was to be expected and
// from what the target is now: nil if it is gone.
//
// Not everything can be seen. That a handler ran leaves no trace, so that a signal which is not
// pending any more counts as handled if there is a handler.
func Seen(s Sending, expected Forecast, now *Target) Forecast {
	if now == nil || now.Ended || now.Dying {
		return ended(expected)
	}
	waits := now.Waiting(s)
	switch expected.Fate {
	case Coalesced:
		return expected // with one that was pending when it was sent, whether or not it still is
	case Ignored, Dropped, Discarded:
		return expected // it never reached the queue
	case Overflow, Failed: // but it was taken: the target has changed since we looked
		expected = Forecast{Fate: Unseen, Reason: NotGone}
	case Continued:
		return expected
	case Handled, Taken, Terminated, Dumped, Stopped, Pending, Unseen:
	}
	found := expected
	switch {
	case waits:
		found = pending(s, expected, now)
	case expected.Fate == Pending:
		found = Forecast{Fate: expected.Then, Reason: now.reason(s.Signal)}
		if expected.Reason == Blocked && now.blocked(s) {
			found = Forecast{Fate: Taken, Reason: Waiter} // it was never unblocked
		}
	case (expected.Fate == Terminated || expected.Fate == Dumped) && now.Caught.Has(s.Signal):
		found = Forecast{Fate: Handled, Reason: Handler}
	case expected.Fate == Terminated, expected.Fate == Dumped:
		found = Forecast{Fate: Unseen, Reason: NotGone}
	case expected.Fate == Stopped && !now.stopped():
		found = Forecast{Fate: Unseen, Reason: NotGone}
	}
	found.InfoLost = expected.InfoLost
	return found
}

// ended is what has become of a signal for a process that has ended.
func ended(expected Forecast) Forecast {
	switch expected.Fate {
	case Pending:
		f := Forecast{Fate: expected.Then, Reason: Gone, InfoLost: expected.InfoLost}
		if expected.Then == Handled || expected.Then == Stopped {
			f.Fate = Unseen
		}
		return f
	case Stopped:
		return Forecast{Fate: Unseen, Reason: Gone, InfoLost: expected.InfoLost}
	case Handled, Taken, Terminated, Dumped, Continued, Ignored, Discarded, Coalesced, Overflow, Dropped, Failed, Unseen:
	}
	return expected
}

// pending says why a signal waits.
func pending(s Sending, expected Forecast, now *Target) Forecast {
	then := expected.Fate
	if then == Pending {
		then = expected.Then
	}
	reason := NotGone
	switch {
	case expected.Reason == Waiter: // which blocks it again as soon as it is woken, and then takes it
	case now.blocked(s):
		reason = Blocked
		if now.Descriptors.Has(s.Signal) {
			reason = Descriptor
		}
	case now.stopped():
		reason = WhileStopped
	case now.Frozen && then != Terminated && then != Dumped:
		reason = WhileFrozen // which does not keep a process from ending
	}
	return Forecast{Fate: Pending, Reason: reason, Then: then}
}

// blocked reports whether every thread that could take a sending blocks it.
func (t *Target) blocked(s Sending) bool {
	for _, thread := range t.threads(s) {
		if !thread.Ended && !thread.Blocked.Has(s.Signal) {
			return false
		}
	}
	return true
}
