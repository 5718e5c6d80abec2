package journal

import (
	"slices"

	"supervise/supervisor/control/request"
	"supervise/supervisor/machine"
)

const (
	// maxWhy is how many origins back an explanation goes.
	maxWhy = 3
	// MaxLater is how many later entries with other origins [Journal.Why] returns.
	MaxLater = 20
)

// Why returns what led to the present state of a service, the first cause first. That is all
// entries with the same origin up to the one with which the state began, preceded by what
// led to that origin, if it was about the same service. What has happened to the service
// since then follows: all entries with the same origin, and the last [MaxLater] others. The
// entry with the number also, and its cause, are part of it in any case; 0 is none.
//
// That a service is being started has no entry of its own: starting is the event which that
// goes back to, 0 in every other state.
func (j *Journal) Why(service string, starting machine.EventID, also uint64) []request.Event {
	last := j.Of(starting, service)
	if last == 0 {
		last = j.before(j.next, func(k *kept) bool { return k.service == service && k.marks&stateChanged != 0 })
	}
	if last == 0 { // that is forgotten, or has never changed
		last = j.before(j.next, func(k *kept) bool { return k.service == service })
	}
	if last == 0 {
		return nil
	}
	var events []request.Event
	for _, id := range j.with(append(j.leading(last, service), j.later(last, service)...), also) {
		event, _ := j.Event(id)
		events = append(events, event)
	}
	return events
}

// with adds an entry and its cause to others, unless they are among them, or forgotten.
func (j *Journal) with(ids []uint64, also uint64) []uint64 {
	if !j.has(also) {
		return ids
	}
	for _, id := range []uint64{j.at(also).cause, also} {
		if at, found := slices.BinarySearch(ids, id); !found && j.has(id) {
			ids = slices.Insert(ids, at, id)
		}
	}
	return ids
}

// leading returns what led to an entry about a service, and the entry itself.
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

// causeOf returns what led to an origin, 0 if nothing is known. For the start of this
// supervisor, that is the last entry of the one before it about the service.
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

// before returns the number of the last entry before another one for which meant is true, 0
// for none.
func (j *Journal) before(id uint64, meant func(*kept) bool) uint64 {
	for id--; j.has(id); id-- {
		if meant(j.at(id)) {
			return id
		}
	}
	return 0
}

// matter returns an origin and the entries about a service, or about none in particular, that
// go back to it, up to last. That may be about another service, for which this one has waited.
func (j *Journal) matter(origin, last uint64, service string) (ids []uint64) {
	for id := max(origin, j.first()); id <= last; id++ {
		if k := j.at(id); id == origin || id == last || k.origin == origin && (k.service == service || k.service == "") {
			ids = append(ids, id)
		}
	}
	return ids
}
