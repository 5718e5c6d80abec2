package machine

import (
	"time"

	"supervise/signals/queue"
)

// deliver sends a signal to the leader. Its result comes with Sent.
func (m *Machine) deliver(s *service, item queue.Item) {
	s.outbox.delivery, s.outbox.inFlight, s.outbox.unanswered = item, true, false
	ticket := Ticket(item.Ticket)
	m.do(s, Action{Kind: Deliver, Origin: ticket, Info: item.Info, Ticket: ticket})
}

// sent handles the result of a delivery.
func (m *Machine) sent(s *service) {
	o := &s.outbox
	if !o.inFlight || Ticket(o.delivery.Ticket) != m.event.Ticket {
		m.impossible(s)
		return
	}
	switch m.event.Result {
	case OK:
		s.Told = true
		m.done(s)
		if o.delivery.Info.Signal.RealTime() || o.stuck {
			o.stuck = false
			o.backoff.Reset()
			m.timers.clear(&o.retry)
		}
		m.answer(s, Note{Kind: Delivered, Info: o.delivery.Info})
	case Refused:
		m.done(s)
		m.answer(s, m.drop(s, o.delivery, RefusedByKernel))
	case Gone:
		o.leaderGone = true
		m.answer(s, m.putBack(s))
	case Again:
		o.stuck = !o.delivery.Info.Signal.RealTime()
		m.timers.arm(&o.retry, m.now+time.Duration(o.backoff.Next()))
		m.answer(s, m.putBack(s))
	default:
		m.impossible(s)
		return
	}
	o.inFlight = false
}

// answer sends the report to the command that asked for the delivery, if it expects one.
func (m *Machine) answer(s *service, n Note) {
	if o := &s.outbox; o.unanswered {
		o.unanswered = false
		m.report(s, Ticket(o.delivery.Ticket), n)
	}
}

// takeBack is called when the leader has gone. A delivery without a result did not arrive,
// and waits for the next leader.
func (m *Machine) takeBack(s *service) {
	if s.outbox.inFlight {
		s.outbox.inFlight = false
		m.answer(s, m.putBack(s))
	}
}

// putBack puts the signal in flight back to where it waited, or would have waited.
func (m *Machine) putBack(s *service) Note {
	o := &s.outbox
	switch {
	case o.delivery.Info.Signal.RealTime() && !o.sentFromQueue():
		o.realtime.PutBack(o.delivery)
	case !o.delivery.Info.Signal.RealTime() && !o.standard.Add(o.delivery):
		return m.coalesced(s, o.delivery)
	}
	return m.held(s, o.delivery)
}

// done removes the signal in flight.
func (m *Machine) done(s *service) {
	if s.outbox.sentFromQueue() {
		s.outbox.realtime.Pop()
	}
}

// settle handles the waiting signals as the state of the service requires: it delivers the
// next one, holds them, or drops them.
func (m *Machine) settle(s *service) {
	switch {
	case s.delivers():
		m.deliverNext(s)
	case !s.holds():
		m.discard(s)
		fallthrough
	default:
		m.timers.clear(&s.outbox.retry)
	}
	m.throttle(s)
}

// deliverNext delivers the next signal: a standard one, or else the first in the queue, unless
// that waits for a retry.
func (m *Machine) deliverNext(s *service) {
	o := &s.outbox
	if o.inFlight || o.leaderGone {
		return
	}
	waits := o.retry.set()
	if waits && o.stuck {
		return
	}
	item, ok := o.standard.Take()
	if !ok && !waits {
		item, ok = o.realtime.Front()
	}
	if ok {
		m.deliver(s, item)
	} else if !waits {
		o.noted = 0
	}
}

// discard drops everything that waits.
func (m *Machine) discard(s *service) {
	if n := s.outbox.standard.Discard() + s.outbox.realtime.Discard(); n > 0 {
		m.note(s, Note{Kind: Dropped, Why: ServiceWentDown, Count: n})
	}
	s.outbox.noted = 0
}
