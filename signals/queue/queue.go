package queue

import "supervise/signals"

// Policy says what happens to a signal for which a [Queue] has no room.
type Policy uint8

// The policies. With Wait the limit is soft: the queue takes everything, and the caller, who
// sees [Queue.Full], stops reading signals so that they wait in the kernel instead.
const (
	Wait       Policy = iota
	DropOldest        // the one that has waited longest is dropped
	DropNewest        // the new one is dropped
)

// Item is one waiting signal. Ticket is the caller's own mark, returned unchanged.
type Item struct {
	Info   signals.Info
	Ticket uint64
}

// Counts counts what a [Queue] has done since it was made. At every moment
//
//	Queued = Delivered + DroppedOldest + Discarded + those that wait now
type Counts struct {
	Queued        uint64 // taken in, including those put back
	Delivered     uint64 // taken out by Pop
	DroppedOldest uint64 // taken in, and dropped to make room
	DroppedNewest uint64 // never taken in
	Discarded     uint64 // dropped by Discard
	HighWater     int    // the most that ever waited at once
}

// Queue is a bounded FIFO of signals. The zero value has room for one and the policy Wait. It
// is not safe for concurrent use.
type Queue struct {
	ring   []Item
	head   int // index of the front item in ring
	n      int // how many wait
	limit  int
	policy Policy
	counts Counts
}

// smallest is the length of the first ring: 8 items of 56 bytes each.
const smallest = 8

// New returns an empty queue for limit signals; a limit below 1 counts as 1. It allocates
// nothing.
func New(limit int, policy Policy) Queue {
	return Queue{limit: limit, policy: policy}
}

// Restore returns a queue in which these items wait, the first at the front, and which has
// counted these counts: a copy of one whose Items and Counts they are. It keeps items.
func Restore(limit int, policy Policy, items []Item, counts Counts) Queue {
	return Queue{ring: items, n: len(items), limit: limit, policy: policy, counts: counts}
}

// Items returns a copy of what waits, the front first.
func (q *Queue) Items() []Item {
	items := make([]Item, q.n)
	for i := range items {
		items[i] = q.ring[q.at(i)]
	}
	return items
}

// Limit returns how many signals may wait.
func (q *Queue) Limit() int { return max(q.limit, 1) }

// Len returns how many signals wait. It exceeds Limit only with the policy Wait, or after
// PutBack.
func (q *Queue) Len() int { return q.n }

// Full reports whether there is no room for another.
func (q *Queue) Full() bool { return q.n >= q.Limit() }

// Counts returns the counters.
func (q *Queue) Counts() Counts { return q.counts }

// Push appends a signal. If the queue is full and its policy is to drop, it returns the
// dropped signal, which is the front one or item itself, and true.
func (q *Queue) Push(item Item) (dropped Item, drop bool) {
	if q.Full() {
		switch q.policy {
		case DropNewest:
			q.counts.DroppedNewest++
			return item, true
		case DropOldest:
			dropped, drop = q.take(), true
			q.counts.DroppedOldest++
		case Wait: // the limit is soft
		}
	}
	q.grow()
	q.ring[q.at(q.n)] = item
	q.added()
	return dropped, drop
}

// PutBack inserts a signal in front of all others, whatever the limit: one that was sent
// while the queue was empty, and refused.
func (q *Queue) PutBack(item Item) {
	q.grow()
	q.head = q.at(len(q.ring) - 1)
	q.ring[q.head] = item
	q.added()
}

// Front returns the signal that has waited longest, and false if none waits. It stays in the
// queue.
func (q *Queue) Front() (Item, bool) {
	if q.n == 0 {
		return Item{}, false
	}
	return q.ring[q.head], true
}

// Pop takes the front signal out and counts it as delivered.
func (q *Queue) Pop() (Item, bool) {
	if q.n == 0 {
		return Item{}, false
	}
	item := q.take()
	q.counts.Delivered++
	return item, true
}

// Discard drops all waiting signals and returns how many there were.
func (q *Queue) Discard() int {
	n := q.n
	q.counts.Discarded += uint64(n)
	q.ring, q.head, q.n = nil, 0, 0
	return n
}

// at returns the index of the item i places behind the front.
func (q *Queue) at(i int) int {
	if i += q.head; i >= len(q.ring) {
		i -= len(q.ring)
	}
	return i
}

func (q *Queue) added() {
	q.n++
	q.counts.Queued++
	q.counts.HighWater = max(q.counts.HighWater, q.n)
}

func (q *Queue) take() Item {
	item := q.ring[q.head]
	q.head = q.at(1)
	q.n--
	if len(q.ring) > smallest && q.n <= len(q.ring)/4 {
		q.resize(len(q.ring) / 2)
	}
	return item
}

// grow makes room for one more. The size doubles, but does not exceed the limit while that is
// enough.
func (q *Queue) grow() {
	if q.n < len(q.ring) {
		return
	}
	size := max(2*len(q.ring), smallest)
	if limit := q.Limit(); size > limit && limit > q.n {
		size = limit
	}
	q.resize(size)
}

func (q *Queue) resize(size int) {
	ring := make([]Item, size)
	n := copy(ring, q.ring[q.head:min(q.head+q.n, len(q.ring))])
	copy(ring[n:], q.ring[:q.n-n])
	q.ring, q.head = ring, 0
}
