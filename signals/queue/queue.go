package queue

import "supervise/signals"

// Policy says what becomes of a signal for which a [Queue] has no room.
type Policy uint8

// The policies. With Wait the limit is soft: the queue takes what comes, and it is
// the caller who, told by [Queue.Full], stops reading signals so that they wait in
// the kernel instead.
const (
	Wait       Policy = iota
	DropOldest        // the one that waited longest makes room
	DropNewest        // the one that comes is not taken
)

// Item is one waiting signal. Ticket is the caller's own mark, handed back untouched.
type Item struct {
	Info   signals.Info
	Ticket uint64
}

// Counts says what a [Queue] has done since it was made. At every moment
//
//	Queued = Delivered + DroppedOldest + Discarded + what waits now
type Counts struct {
	Queued        uint64 // taken in, put back ones included
	Delivered     uint64 // taken out by Pop
	DroppedOldest uint64 // taken in, and thrown away to make room
	DroppedNewest uint64 // never taken in
	Discarded     uint64 // thrown away by Discard
	HighWater     int    // the most that ever waited at once
}

// Queue is a bounded FIFO of signals. The zero value has room for one and the
// policy Wait. It is not safe for use by two goroutines at once.
type Queue struct {
	ring   []Item
	head   int // where the front item lies in ring
	n      int // how many wait
	limit  int
	policy Policy
	counts Counts
}

// smallest is the length of the first ring: 8 items of 56 bytes each.
const smallest = 8

// New returns an empty queue for limit signals; a limit below 1 stands for 1.
// It allocates nothing.
func New(limit int, policy Policy) Queue {
	return Queue{limit: limit, policy: policy}
}

// Limit is how many signals may wait.
func (q *Queue) Limit() int { return max(q.limit, 1) }

// Len is how many signals wait. It exceeds Limit only with the policy Wait, or
// after PutBack.
func (q *Queue) Len() int { return q.n }

// Full reports whether there is no room for another.
func (q *Queue) Full() bool { return q.n >= q.Limit() }

// Counts returns the counters.
func (q *Queue) Counts() Counts { return q.counts }

// Push appends a signal. When the queue is full and its policy is to drop, it
// returns the signal that was thrown away and true: the front one or item itself.
func (q *Queue) Push(item Item) (dropped Item, drop bool) {
	if q.Full() {
		switch q.policy {
		case DropNewest:
			q.counts.DroppedNewest++
			return item, true
		case DropOldest:
			dropped, drop = q.take(), true
			q.counts.DroppedOldest++
		}
	}
	q.grow()
	q.ring[q.at(q.n)] = item
	q.added()
	return dropped, drop
}

// PutBack inserts a signal before all others, whatever the limit says: for one that
// was sent past an empty queue and came back refused.
func (q *Queue) PutBack(item Item) {
	q.grow()
	q.head = q.at(len(q.ring) - 1)
	q.ring[q.head] = item
	q.added()
}

// Front returns the signal that has waited longest, and false if none does. It
// stays in the queue.
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

// Discard throws all waiting signals away and returns how many they were.
func (q *Queue) Discard() int {
	n := q.n
	q.counts.Discarded += uint64(n)
	q.ring, q.head, q.n = nil, 0, 0
	return n
}

// at is where the item lies that is i places behind the front.
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

// grow makes room for one more: twice as much each time, but no more than the limit
// as long as that is enough.
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
