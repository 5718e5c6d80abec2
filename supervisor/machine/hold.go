package machine

import "supervise/signals"

// throttle asks to hold the intake when the queue is full, and to release it when half of
// the queue is free. With a smaller margin, every signal could cause both.
func (m *Machine) throttle(s *service) {
	o := &s.outbox
	switch {
	case !o.wait || o.holdable == 0:
	case !o.holding && o.realtime.Full():
		o.holding = true
		m.hold(s, o.holdable, +1)
	case o.holding && o.realtime.Len() <= o.realtime.Limit()/2:
		o.holding = false
		m.hold(s, o.holdable, -1)
	}
}

// heldBack is the set of signals whose intake is held for this service.
func (o *outbox) heldBack() signals.Set {
	if o.holding {
		return o.holdable
	}
	return 0
}

// hold counts one service more, or one less, that wants signals held. The intake of a signal
// changes with the first one and with the last one.
func (m *Machine) hold(s *service, wanted signals.Set, one int) {
	var set signals.Set
	for signal := range wanted.All() {
		before := m.holds[signal]
		m.holds[signal] += one
		if before == 0 || m.holds[signal] == 0 {
			set = set.With(signal)
		}
	}
	kind := Hold
	if one < 0 {
		kind = Release
	}
	if set != 0 {
		m.do(s, Action{Kind: kind, Origin: m.seq, Set: set})
	}
}
