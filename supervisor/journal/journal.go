package journal

import (
	"slices"
	"sort"
	"time"

	"supervise/supervisor/control/request"
)

// Entry is one thing that happened, or that was done. Its number is given to it.
type Entry struct {
	Time    time.Duration // since the journal's beginning, monotonic
	Cause   uint64        // the number of the entry that led to it at once, 0 for none
	Origin  uint64        // of the one that the matter goes back to; 0 is the entry itself
	Step    uint64        // what the caller counts in; never less than that of the entry before
	Service string        // "" when it is about none in particular
	Kind    string        // one word
	PID     int
	By      *request.Process // who did it, where that is known
	Asker   string           // who asked for it where that is no process that is known
	Text    string           // a sentence, without the service's name

	turn bool // the state of the service has changed with it
}

// Journal is the list.
type Journal struct {
	began   time.Time
	limit   int
	entries []Entry // a ring once it has grown to limit
	next    uint64  // the number of the entry to come; numbers begin at 1
}

// New returns a journal that remembers the last limit entries, and takes memory as they
// come. Times count from began.
func New(limit int, began time.Time) *Journal {
	return &Journal{began: began, limit: limit, next: 1}
}

// Add appends an entry and returns its number.
func (j *Journal) Add(e Entry) uint64 {
	id := j.next
	j.next++
	if e.Origin == 0 {
		e.Origin = id
	}
	if len(j.entries) < j.limit {
		j.entries = append(j.entries, e)
	} else {
		*j.at(id) = e
	}
	return id
}

// Of returns the number of the first entry of a step, 0 when there is none or it is
// forgotten.
func (j *Journal) Of(step uint64) uint64 {
	first := j.first()
	i := sort.Search(len(j.entries), func(i int) bool { return j.at(first+uint64(i)).Step >= step })
	if i == len(j.entries) || j.at(first+uint64(i)).Step != step {
		return 0
	}
	return first + uint64(i)
}

// Next is the number that the next entry will have.
func (j *Journal) Next() uint64 { return j.next }

// first is the number of the oldest entry that is still there.
func (j *Journal) first() uint64 { return j.next - uint64(len(j.entries)) }

// at is the place of an entry.
func (j *Journal) at(id uint64) *Entry { return &j.entries[(id-1)%uint64(j.limit)] }

// Event returns the entry with a number, and false when it is forgotten or not there yet.
func (j *Journal) Event(id uint64) (request.Event, bool) {
	if id < j.first() || id >= j.next {
		return request.Event{}, false
	}
	e := j.at(id)
	return request.Event{
		ID: id, Cause: e.Cause, Origin: e.Origin, Time: j.began.Add(e.Time), Service: e.Service,
		Kind: e.Kind, PID: e.PID, By: e.By, Text: e.Text,
	}, true
}

// Asker returns the Asker of an entry, "" also when it is forgotten or not there yet.
func (j *Journal) Asker(id uint64) string {
	if id < j.first() || id >= j.next || id == 0 {
		return ""
	}
	return j.at(id).Asker
}

// Last returns the last limit entries about these services, and about none in particular,
// the oldest first. No service means all of them, no limit all that there is.
func (j *Journal) Last(services []string, limit int) []request.Event {
	var events []request.Event
	for id := j.next - 1; id >= j.first() && id > 0 && (limit <= 0 || len(events) < limit); id-- {
		if e := j.at(id); len(services) == 0 || e.Service == "" || slices.Contains(services, e.Service) {
			event, _ := j.Event(id)
			events = append(events, event)
		}
	}
	slices.Reverse(events)
	return events
}

// Turn says that with the entries from a number on the states of some services have
// changed: what is said later, and changes none, is no explanation of that.
func (j *Journal) Turn(from uint64, changed func(service string) bool) {
	for id := max(from, j.first()); id < j.next; id++ {
		if e := j.at(id); e.Service != "" && changed(e.Service) {
			e.turn = true
		}
	}
}

const (
	// maxWhy is how many matters back an explanation goes.
	maxWhy = 3
	// MaxLater is how many entries [Journal.Why] returns of other matters that came later.
	MaxLater = 20
)

// Why returns what led to the present state of a service, the first cause first: all that
// belongs to the same matter as the last entry with which that state began, and before
// that the matter which this one came out of, if it was about the same service. Below
// stands what has happened to the service since: the rest of that matter, and the last
// [MaxLater] entries of others.
func (j *Journal) Why(service string) []request.Event {
	turn := j.before(j.next, func(e *Entry) bool { return e.Service == service && e.turn })
	if turn == 0 { // forgotten, or there was none
		turn = j.before(j.next, func(e *Entry) bool { return e.Service == service })
	}
	return append(j.leading(turn, service), j.later(turn, service)...)
}

// leading returns what led to an entry about a service, and the entry.
func (j *Journal) leading(last uint64, service string) []request.Event {
	var chain []request.Event
	for range maxWhy {
		e, ok := j.Event(last)
		if !ok {
			break
		}
		matter := j.matter(e.Origin, last, service)
		chain = append(matter, chain...)
		if e, ok := j.Event(e.Origin); ok && e.Cause != 0 {
			last = e.Cause
			continue
		}
		break
	}
	return chain
}

// later returns what has happened to a service since an entry about it.
func (j *Journal) later(turn uint64, service string) []request.Event {
	if turn == 0 {
		return nil
	}
	var events []request.Event
	others, origin := 0, j.at(turn).Origin
	for id := j.next - 1; id > turn; id-- {
		e := j.at(id)
		if e.Service != service {
			continue
		}
		if e.Origin != origin {
			if others++; others > MaxLater {
				continue
			}
		}
		event, _ := j.Event(id)
		events = append(events, event)
	}
	slices.Reverse(events)
	return events
}

// before returns the number of the last entry before another that is meant, 0 for none.
func (j *Journal) before(id uint64, meant func(*Entry) bool) uint64 {
	for id--; id >= j.first() && id > 0; id-- {
		if meant(j.at(id)) {
			return id
		}
	}
	return 0
}

// matter returns the entries up to last that go back to the same origin and are about the
// service, and the origin itself whatever it is about.
func (j *Journal) matter(origin, last uint64, service string) []request.Event {
	var events []request.Event
	for id := max(origin, j.first()); id <= last; id++ {
		if e := j.at(id); id == origin || e.Origin == origin && (e.Service == service || e.Service == "") {
			event, _ := j.Event(id)
			events = append(events, event)
		}
	}
	return events
}
