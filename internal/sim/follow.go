package sim

import (
	"slices"

	"supervise/supervisor/control/request"
)

// follow is how far somebody has come who is told events.
type follow struct {
	begun bool
	next  int // the first entry, of those that the world knows, that he was not told of
}

// events are told to somebody who has asked for them: each once and in order.
func (f *follow) events(c *client, events []request.Event) {
	known, q := c.w.told.entries, c.request.(request.Events)
	wants := func(e request.Event) bool {
		return len(q.Services) == 0 || e.Service == "" || slices.Contains(q.Services, e.Service)
	}
	if f.begun {
		f.advance(c, events, wants)
		return
	}
	f.begun, f.next = true, len(known)
	// What this iteration has added nobody has been told yet.
	old := slices.IndexFunc(events, func(e request.Event) bool { return e.ID > uint64(len(known)) })
	if old < 0 {
		old = len(events)
	}
	limit := len(known)
	if q.Limit > 0 {
		limit = q.Limit - (len(events) - old)
	}
	last := lastEvents(known, limit, wants)
	// What this iteration has added may have taken the place of the oldest.
	for len(last) > old && last[0].ID+journalSize < uint64(len(known)+maxNew) {
		last = last[1:]
	}
	if !slices.EqualFunc(last, events[:old], sameEvent) {
		c.w.fail(nil, "somebody who asks for the last %d events of %v is told %v, and they are %v", q.Limit, q.Services, idsOf(events), idsOf(last))
	}
}

// maxNew is how many entries one iteration may well add.
const maxNew = 200

// lastEvents are the last ones that are wanted, and remembered.
func lastEvents(known []request.Event, limit int, wants func(request.Event) bool) (last []request.Event) {
	for i := len(known) - 1; i >= 0 && len(last) < limit && len(known)-i <= journalSize; i-- {
		if wants(known[i]) {
			last = append(last, known[i])
		}
	}
	slices.Reverse(last)
	return last
}

// advance compares events with those that come next.
func (f *follow) advance(c *client, events []request.Event, wants func(request.Event) bool) {
	known := c.w.told.entries
	for _, e := range events {
		for f.next < len(known) && !wants(known[f.next]) {
			f.next++
		}
		if f.next == len(known) || !sameEvent(known[f.next], e) {
			c.w.fail(nil, "a follower is told of event %d, and another one is next", e.ID)
			return
		}
		f.next++
	}
}

// onTheWay are events that are told to somebody who waits for an outcome.
func (f *follow) onTheWay(c *client, events []request.Event) {
	known := c.w.told.entries
	for _, e := range events {
		i := int(e.ID) - 1
		if c.target(e.Service) < 0 || i < f.next || i >= len(known) || !sameEvent(known[i], e) {
			c.w.fail(nil, "%s is told of event %d on the way", c.request.Verb(), e.ID)
			return
		}
		f.next = i + 1
	}
}

// checkAll finds a follower who was not told everything.
func (f *follow) checkAll(c *client) {
	q, ok := c.request.(request.Events)
	if !ok || !f.begun {
		return
	}
	for _, e := range c.w.told.entries[f.next:] {
		if len(q.Services) == 0 || e.Service == "" || slices.Contains(q.Services, e.Service) {
			c.w.fail(nil, "a follower is not told of event %d", e.ID)
			return
		}
	}
	f.next = len(c.w.told.entries)
}

func sameEvent(a, b request.Event) bool { return a.ID == b.ID && a.Text == b.Text }

func idsOf(events []request.Event) (ids []uint64) {
	for _, e := range events {
		ids = append(ids, e.ID)
	}
	return ids
}
