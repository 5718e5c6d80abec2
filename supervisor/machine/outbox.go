package machine

import (
	"slices"
	"time"

	"supervise/config"
	"supervise/signals"
	"supervise/signals/queue"
)

// outbox is what waits to be delivered to the leader of one service.
type outbox struct {
	standard queue.Coalesced
	realtime queue.Queue
	backoff  queue.Backoff
	retry    timer // of a signal that the kernel had no room for

	stuck bool // it was a standard one, which the kernel should always have room for
	told  int  // how many waited when that was noted last

	sent   queue.Item // the delivery whose result is awaited
	open   bool       // one is
	closed bool       // the leader is gone, though not reaped: nothing can be sent

	wait     bool        // the queue's policy is to hold the intake when it is full
	holdable signals.Set // of these signals
	holding  bool

	bounds config.Queue // of realtime
}

// configure is for a new service, and for one with new settings. Nothing is lost of
// what waits, even if there is room for less of it.
func (o *outbox) configure(spec config.Signals) {
	if o.bounds != spec.Queue {
		o.bounds = spec.Queue
		o.realtime = moved(o.realtime, spec.Queue)
	}
	o.wait = spec.Queue.WhenFull == config.Wait
	o.holdable = 0
	for from, to := range spec.Forward {
		if from.RealTime() && to.RealTime() {
			o.holdable = o.holdable.With(from)
		}
	}
	o.holding = o.holding && o.wait && o.holdable != 0
}

// moved returns a queue with other bounds, in which everything waits that did in the
// old one. It counts from there on.
func moved(old queue.Queue, bounds config.Queue) queue.Queue {
	policy := map[config.WhenFull]queue.Policy{
		config.DropOldest: queue.DropOldest,
		config.DropNewest: queue.DropNewest,
	}[bounds.WhenFull] // config.Wait is the zero value of both
	q := queue.New(bounds.Limit, policy)
	items := make([]queue.Item, 0, old.Len())
	for item, ok := old.Pop(); ok; item, ok = old.Pop() {
		items = append(items, item)
	}
	for _, item := range slices.Backward(items) {
		q.PutBack(item)
	}
	return q
}

// waiting is how many signals there are, but for one that is being sent past an empty
// queue.
func (o *outbox) waiting() int { return o.standard.Len() + o.realtime.Len() }

// renew is for a new leader, to whom everything can be sent.
func (o *outbox) renew() {
	o.closed = false
	o.backoff.Reset()
}

// sentFromQueue reports whether the signal being sent is the front of the queue, in
// which it stays until it is known to have been taken.
func (o *outbox) sentFromQueue() bool {
	front, ok := o.realtime.Front()
	return ok && front.Ticket == o.sent.Ticket
}

// delivers reports whether there is a leader that signals are delivered to. One that
// is to make place for the next generation gets none: they are held for that one.
func (s *service) delivers() bool {
	return s.state == Running || s.state == Stopping && s.wanted != Up
}

// holds reports whether signals are kept for a leader to come.
func (s *service) holds() bool {
	switch s.state {
	case Starting:
		return true
	case Stopping, Clearing, Backoff:
		return s.wanted == Up
	}
	return false
}

// signalArrived takes a signal for a service that has, or will have, a leader. One that
// was posted waits in no kernel's queue: it is dropped where others would be held there.
func (m *Machine) signalArrived(s *service) {
	item, ok := m.translate(s)
	if !ok {
		return
	}
	o := &s.outbox
	realTime := item.Info.Signal.RealTime()
	if s.delivers() && !o.open && !o.closed && !(realTime && o.realtime.Len() > 0) {
		m.deliver(s, item)
		return
	}
	if realTime {
		if m.kind == Post && o.wait && o.realtime.Full() {
			m.drop(s, item, QueueFull)
			return
		}
		if dropped, drop := o.realtime.Push(item); drop {
			m.drop(s, dropped, QueueFull)
			return
		}
	} else if !o.standard.Add(item) {
		m.reply(s, Note{Kind: Coalesced, Info: item.Info})
		return
	}
	m.tellHeld(s)
}

// tellHeld notes that signals wait: at 1, 2, 4, 8 and so on, once in each backlog.
func (m *Machine) tellHeld(s *service) {
	if n := s.outbox.waiting(); n >= max(2*s.outbox.told, 1) {
		s.outbox.told = n
		m.reply(s, Note{Kind: Held, Count: n})
	}
}

// signalArrivedWhileClimbing does so as long as there is anybody to get it.
func (m *Machine) signalArrivedWhileClimbing(s *service) {
	if s.delivers() || s.holds() {
		m.signalArrived(s)
	} else {
		m.signalForNobody(s)
	}
}

// signalForNobody drops a signal for a service that is down.
func (m *Machine) signalForNobody(s *service) {
	if item, ok := m.translate(s); ok {
		m.drop(s, item, NotRunning)
	}
}

// translate makes of the present event's signal the one that the service wants, and
// tells of it when the two differ. One that was posted is what is wanted.
func (m *Machine) translate(s *service) (queue.Item, bool) {
	info := m.event.Info
	if m.kind == Post {
		return queue.Item{Info: info, Ticket: uint64(m.seq)}, true
	}
	as, ok := s.spec.Signals.Forward[info.Signal]
	if !ok {
		return queue.Item{}, false
	}
	if as != info.Signal {
		m.reply(s, Note{Kind: Translated, Info: info, As: as})
		info.Signal = as
	}
	return queue.Item{Info: info, Ticket: uint64(m.seq)}, true
}

func (m *Machine) deliver(s *service, item queue.Item) {
	s.outbox.sent, s.outbox.open = item, true
	ticket := Ticket(item.Ticket)
	m.do(s, Action{Kind: Deliver, Origin: ticket, Info: item.Info, Ticket: ticket})
}

func (m *Machine) drop(s *service, item queue.Item, why Why) {
	m.do(s, Action{
		Kind: Tell, Origin: Ticket(item.Ticket),
		Note: Note{Kind: Dropped, Why: why, Count: 1, Info: item.Info},
	})
}

// sent says what became of a delivery.
func (m *Machine) sent(s *service) {
	o := &s.outbox
	if !o.open || Ticket(o.sent.Ticket) != m.event.Ticket || m.event.Result >= numResults {
		m.impossible(s)
		return
	}
	o.open = false
	switch m.event.Result {
	case OK:
		m.done(s)
		if o.sent.Info.Signal.RealTime() || o.stuck {
			o.stuck = false
			o.backoff.Reset()
			m.timers.clear(&o.retry)
		}
	case Refused:
		m.done(s)
		m.drop(s, o.sent, RefusedByKernel)
	case Gone:
		m.putBack(s)
		o.closed = true
		m.tellHeld(s)
	case Again:
		m.putBack(s)
		o.stuck = !o.sent.Info.Signal.RealTime()
		m.timers.arm(&o.retry, m.now+time.Duration(o.backoff.Next()))
		m.tellHeld(s)
	}
}

// takeBack is for a leader that has gone: a delivery whose result never came was made
// to nobody, and is left to the next one.
func (m *Machine) takeBack(s *service) {
	if s.outbox.open {
		s.outbox.open = false
		m.putBack(s)
	}
}

// putBack returns the signal being sent to where it waited, or would have.
func (m *Machine) putBack(s *service) {
	o := &s.outbox
	switch {
	case o.sent.Info.Signal.RealTime() && !o.sentFromQueue():
		o.realtime.PutBack(o.sent)
	case !o.sent.Info.Signal.RealTime() && !o.standard.Add(o.sent):
		m.reply(s, Note{Kind: Coalesced, Info: o.sent.Info})
	}
}

// done forgets the signal being sent.
func (m *Machine) done(s *service) {
	if s.outbox.sentFromQueue() {
		s.outbox.realtime.Pop()
	}
}

// settle does with the waiting signals what the state of the service asks for:
// delivers the next one, keeps them, or gives them up.
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

// deliverNext sends the signal whose turn it is: a standard one, or the first in the
// queue unless that waits for its next attempt.
func (m *Machine) deliverNext(s *service) {
	o := &s.outbox
	if o.open || o.closed {
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
		o.told = 0
	}
}

// discard gives up everything that waits.
func (m *Machine) discard(s *service) {
	if n := s.outbox.standard.Discard() + s.outbox.realtime.Discard(); n > 0 {
		m.note(s, Note{Kind: Dropped, Why: ServiceWentDown, Count: n})
	}
	s.outbox.told = 0
}
