package machine

import (
	"slices"

	"supervise/config"
	"supervise/signals"
	"supervise/signals/queue"
)

// outbox has the signals that wait to be delivered to the leader of one service.
type outbox struct {
	standard queue.Coalesced
	realtime queue.Queue
	backoff  queue.Backoff
	retry    timer // for a signal that the kernel had no room for

	stuck bool // that is a standard signal, for which the kernel should always have room
	noted int  // how many signals waited at the last Held note

	delivery   queue.Item // the signal whose result, Sent, is expected
	inFlight   bool       // there is one
	unanswered bool       // a command asked for it, and has got no Report yet
	leaderGone bool       // the leader has ended but was not reaped: nothing can be sent

	wait     bool        // when the queue is full, the intake of holdable is to be held
	holdable signals.Set // the real-time signals that the service forwards
	holding  bool        // the intake is held now

	bounds config.Queue // of realtime
}

// configure applies settings, the first ones or new ones. What waits is kept, even if there
// is less room for it now.
func (o *outbox) configure(spec config.Signals) {
	if o.bounds != spec.Queue {
		o.bounds = spec.Queue
		o.realtime = moved(&o.realtime, spec.Queue)
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

// moved returns a queue with other bounds and the same content. Its counts begin at 0.
func moved(old *queue.Queue, bounds config.Queue) queue.Queue {
	q := queue.New(bounds.Limit, policyOf(bounds.WhenFull))
	for _, item := range slices.Backward(old.Items()) {
		q.PutBack(item)
	}
	return q
}

// policyOf translates a setting. An unknown one must not lose signals.
func policyOf(full config.WhenFull) queue.Policy {
	switch full {
	case config.Wait:
		return queue.Wait
	case config.DropOldest:
		return queue.DropOldest
	case config.DropNewest:
		return queue.DropNewest
	}
	return queue.Wait
}

// waiting is how many signals wait. A signal in flight that has never waited does not count.
func (o *outbox) waiting() int { return o.standard.Len() + o.realtime.Len() }

// renew resets what was known about the old leader.
func (o *outbox) renew() {
	o.leaderGone = false
	o.backoff.Reset()
}

// sentFromQueue reports whether the signal in flight is the front of the queue, where it stays
// until the kernel has taken it.
func (o *outbox) sentFromQueue() bool {
	front, ok := o.realtime.Front()
	return ok && front.Ticket == o.delivery.Ticket
}

// delivers reports whether signals are delivered to the leader. If another generation is to
// follow, a leader that is being stopped gets none: they are held for the next one.
func (s *service) delivers() bool {
	return s.State.hasLeader() && (s.State == Running || s.Wanted != Up)
}

// holds reports whether signals are held for the next leader.
func (s *service) holds() bool {
	switch s.State {
	case Waiting, Starting, Backoff:
		return true
	case Stopping, Clearing:
		return s.Wanted == Up
	case Stopped, Running, Done, Failed, Removed:
		return false
	}
	return false
}

// forwarded takes the present signal for a service that forwards it, under the number that
// the service wants.
func (m *Machine) forwarded(s *service) {
	info := m.event.Info
	as, ok := s.spec.Signals.Forward[info.Signal]
	if !ok {
		return
	}
	if as != info.Signal {
		m.reply(s, Note{Kind: Translated, Info: info, As: as})
		info.Signal = as
	}
	m.accept(s, queue.Item{Info: info, Ticket: uint64(m.seq)}, false)
}

// acceptAsked takes the signal of a request, and reports what happens to it: at once, unless
// it is being delivered. There is no second report about one that is held.
func (m *Machine) acceptAsked(s *service, r Request) {
	n := m.accept(s, queue.Item{Info: r.Info, Ticket: uint64(r.Ticket)}, true)
	if n.Kind != Delivered {
		m.report(s, r.Ticket, n)
	}
}

// accept takes a signal for a service, and returns a note about what happens to it: Delivered,
// if it is in flight now; or Held, Coalesced or Dropped, which it has told. A signal that a
// command asked for cannot wait in the kernel's queue: if the queue is full it is dropped.
func (m *Machine) accept(s *service, item queue.Item, asked bool) Note {
	o := &s.outbox
	realTime := item.Info.Signal.RealTime()
	switch {
	case !s.delivers() && !s.holds():
		return m.drop(s, item, NotRunning)
	case s.delivers() && !o.inFlight && !o.leaderGone && !(realTime && o.realtime.Len() > 0):
		m.deliver(s, item)
		o.unanswered = asked
		return Note{Kind: Delivered, Info: item.Info}
	case !realTime && !o.standard.Add(item):
		return m.coalesced(s, item)
	case !realTime:
	case asked && o.wait && o.realtime.Full():
		return m.drop(s, item, QueueFull)
	default:
		if lost, drop := o.realtime.Push(item); drop && lost == item {
			return m.drop(s, item, QueueFull)
		} else if drop {
			m.drop(s, lost, QueueFull)
		}
	}
	return m.held(s, item)
}

// held tells how many signals wait, when there are 1, 2, 4, 8 and so on, once until they have
// all been delivered.
func (m *Machine) held(s *service, item queue.Item) Note {
	n := Note{Kind: Held, Count: s.outbox.waiting()}
	if n.Count >= max(2*s.outbox.noted, 1) {
		s.outbox.noted = n.Count
		m.do(s, Action{Kind: Tell, Origin: Ticket(item.Ticket), Note: n})
	}
	return n
}

// coalesced tells that a signal has merged into one that waits.
func (m *Machine) coalesced(s *service, item queue.Item) Note {
	n := Note{Kind: Coalesced, Info: item.Info}
	m.do(s, Action{Kind: Tell, Origin: Ticket(item.Ticket), Note: n})
	return n
}

// drop tells that a signal is lost.
func (m *Machine) drop(s *service, item queue.Item, why Why) Note {
	n := Note{Kind: Dropped, Why: why, Count: 1, Info: item.Info}
	m.do(s, Action{Kind: Tell, Origin: Ticket(item.Ticket), Note: n})
	return n
}
