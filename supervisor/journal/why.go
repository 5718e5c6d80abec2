package journal

import (
	"slices"

	"supervise/supervisor/control/request"
)

const (
	// maxWhy is how many matters back an explanation goes.
	maxWhy = 3
	// MaxLater is how many entries [Journal.Why] returns of other matters that came later.
	MaxLater = 20
)

// Why returns what led to the present state of a service, the first cause first: all that
// belongs to the same matter as the last entry with which that state began, and before
// that the matter which this one came out of, if it was about the same service. What
// happened to the service since follows: the rest of that matter, and the last [MaxLater]
// entries of others.
func (j *Journal) Why(service string) []request.Event {
	last := j.before(j.next, func(k *kept) bool { return k.service == service && k.marks&stateChanged != 0 })
	if last == 0 { // forgotten, or there was none
		last = j.before(j.next, func(k *kept) bool { return k.service == service })
	}
	if last == 0 {
		return nil
	}
	var events []request.Event
	for _, id := range append(j.leading(last, service), j.later(last, service)...) {
		event, _ := j.Event(id)
		events = append(events, event)
	}
	return events
}

// leading returns what led to an entry about a service, and the entry.
func (j *Journal) leading(last uint64, service string) (chain []uint64) {
	for range maxWhy {
		if !j.has(last) {
			break
		}
		origin := j.at(last).origin
		chain = append(j.matter(origin, last, service), chain...)
		if last = j.causeOf(origin, service); last == 0 {
			break
		}
	}
	return chain
}

// causeOf returns what an origin came out of, 0 for nothing that is known. A supervisor's
// start came after what the one before it did last with the service.
func (j *Journal) causeOf(origin uint64, service string) uint64 {
	switch {
	case !j.has(origin):
		return 0
	case origin == j.boot:
		return j.before(origin, func(k *kept) bool { return k.service == service })
	}
	return j.at(origin).cause
}

// later returns what has happened to a service since an entry about it.
func (j *Journal) later(last uint64, service string) (ids []uint64) {
	others, origin := 0, j.at(last).origin
	for id := j.next - 1; id > last; id-- {
		k := j.at(id)
		if k.service != service {
			continue
		}
		if k.origin != origin {
			if others++; others > MaxLater {
				continue
			}
		}
		ids = append(ids, id)
	}
	slices.Reverse(ids)
	return ids
}

// before returns the number of the last entry before another that is meant, 0 for none.
func (j *Journal) before(id uint64, meant func(*kept) bool) uint64 {
	for id--; j.has(id); id-- {
		if meant(j.at(id)) {
			return id
		}
	}
	return 0
}

// matter returns the entries up to last that go back to the same origin and are about the
// service, and the origin itself whatever it is about.
func (j *Journal) matter(origin, last uint64, service string) (ids []uint64) {
	for id := max(origin, j.first()); id <= last; id++ {
		if k := j.at(id); id == origin || k.origin == origin && (k.service == service || k.service == "") {
			ids = append(ids, id)
		}
	}
	return ids
}
