package machine

import (
	"slices"

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

	stuck bool // that is a standard one, for which the kernel should always have room
	noted int  // how many signals waited when that was noted last

	delivery   queue.Item // the signal whose Sent is awaited,
	inFlight   bool       // if there is one
	unanswered bool       // a command asked for it, and is not reported on yet
	leaderGone bool       // though it has not been reaped: nothing can be sent

	wait     bool        // the policy of a full queue is to hold the intake
	holdable signals.Set // of these signals
	holding  bool        // which is done now

	bounds config.Queue // of realtime
}

// configure takes the settings of a new service, or new settings. Nothing is lost of what
// waits, even if there is less room for it.
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

// moved returns a queue with other bounds, in which everything waits that did in the
// old one. It counts from there on.
func moved(old *queue.Queue, bounds config.Queue) queue.Queue {
	q := queue.New(bounds.Limit, policyOf(bounds.WhenFull))
	for _, item := range slices.Backward(old.Items()) {
		q.PutBack(item)
	}
	return q
}

// policyOf is the queue's word for a setting. One that there is not loses nothing.
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

// waiting is how many signals there are, but for one that is being sent past an empty
// queue.
func (o *outbox) waiting() int { return o.standard.Len() + o.realtime.Len() }

// renew is for a new leader, to whom everything can be sent.
func (o *outbox) renew() {
	o.leaderGone = false
	o.backoff.Reset()
}

// sentFromQueue reports whether the signal being sent is the front of the queue, in
// which it stays until it is known to have been taken.
func (o *outbox) sentFromQueue() bool {
	front, ok := o.realtime.Front()
	return ok && front.Ticket == o.delivery.Ticket
}

// delivers reports whether signals are delivered to the leader. One that is to make way for
// the next generation gets none: they are held for that.
func (s *service) delivers() bool {
	return s.State.hasLeader() && (s.State == Running || s.Wanted != Up)
}

// holds reports whether signals are kept for a leader to come.
func (s *service) holds() bool {
	switch s.State {
	case Starting, Backoff:
		return true
	case Stopping, Clearing:
		return s.Wanted == Up
	case Stopped, Running, Failed, Removed:
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

// acceptAsked takes the signal of a request, and reports what becomes of it: at once, unless
// it is being delivered. One that is held is not reported on again.
func (m *Machine) acceptAsked(s *service, r Request) {
	n := m.accept(s, queue.Item{Info: r.Info, Ticket: uint64(r.Ticket)}, true)
	if n.Kind != Delivered {
		m.report(s, r.Ticket, n)
	}
}

// accept takes a signal for a service, and returns what becomes of it: Delivered, which Sent
// may change; or Held, Coalesced or Dropped, as it has told. One that a command asked for
// cannot be left in the kernel's queue: it is dropped where others would be.
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

// held notes that signals wait: when they are 1, 2, 4, 8 and so on, once in each backlog.
func (m *Machine) held(s *service, item queue.Item) Note {
	n := Note{Kind: Held, Count: s.outbox.waiting()}
	if n.Count >= max(2*s.outbox.noted, 1) {
		s.outbox.noted = n.Count
		m.do(s, Action{Kind: Tell, Origin: Ticket(item.Ticket), Note: n})
	}
	return n
}

// coalesced notes that a signal has merged into another that waits.
func (m *Machine) coalesced(s *service, item queue.Item) Note {
	n := Note{Kind: Coalesced, Info: item.Info}
	m.do(s, Action{Kind: Tell, Origin: Ticket(item.Ticket), Note: n})
	return n
}

// drop notes that a signal is lost.
func (m *Machine) drop(s *service, item queue.Item, why Why) Note {
	n := Note{Kind: Dropped, Why: why, Count: 1, Info: item.Info}
	m.do(s, Action{Kind: Tell, Origin: Ticket(item.Ticket), Note: n})
	return n
}
