package machine

import (
	"math"
	"time"
)

// timer is one deadline. The zero value is not set.
type timer struct {
	at    time.Duration
	place int // in the heap, from 1; 0 when it is not set
	rank  int // decides between timers that are due at the same time; unique
}

func (t *timer) set() bool { return t.place != 0 }

func (t *timer) before(u *timer) bool {
	return t.at < u.at || t.at == u.at && t.rank < u.rank
}

// Every service has four timers. The machine itself has two more, which come after those of
// any number of services.
const (
	rankState = iota
	rankRetry
	rankRemnant
	rankReady
	ranks

	rankDeadline = math.MaxInt - 1
	rankProgress = math.MaxInt
)

// timers is a binary heap of the timers that are set, the earliest first. container/heap would
// take more methods, called through an interface.
type timers []*timer

// arm sets a timer, or moves one that is set.
func (h *timers) arm(t *timer, at time.Duration) {
	t.at = at
	if !t.set() {
		*h = append(*h, t)
		t.place = len(*h)
	}
	h.fix(t)
}

// clear unsets a timer, if it is set.
func (h *timers) clear(t *timer) {
	if !t.set() {
		return
	}
	last := (*h)[len(*h)-1]
	(*h)[len(*h)-1] = nil
	*h = (*h)[:len(*h)-1]
	if last != t {
		h.put(last, t.place)
		h.fix(last)
	}
	t.place = 0
}

// first returns the earliest timer, nil when none is set.
func (h timers) first() *timer {
	if len(h) == 0 {
		return nil
	}
	return h[0]
}

func (h timers) put(t *timer, place int) {
	h[place-1], t.place = t, place
}

// fix moves a timer up or down to its place.
func (h timers) fix(t *timer) {
	for t.place > 1 && t.before(h[t.place/2-1]) {
		parent := h[t.place/2-1]
		place := t.place
		h.put(t, parent.place)
		h.put(parent, place)
	}
	for 2*t.place <= len(h) {
		child := h[2*t.place-1]
		if 2*t.place < len(h) && h[2*t.place].before(child) {
			child = h[2*t.place]
		}
		if t.before(child) {
			return
		}
		place := t.place
		h.put(t, child.place)
		h.put(child, place)
	}
}
