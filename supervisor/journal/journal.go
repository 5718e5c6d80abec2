package journal

import (
	"slices"
	"sort"
	"time"

	"supervise/supervisor/control/request"
	"supervise/supervisor/machine"
)

// Journal is the list of the last entries, and what it takes to add to it. It belongs to one
// goroutine.
type Journal struct {
	began time.Time
	name  func(machine.ServiceID) string
	limit int
	kept  []kept // a ring once it has grown to limit
	next  uint64 // the number of the entry to come; numbers begin at 1
	base  uint64 // that of the entry which was the first in the ring
	boot  uint64 // the number of the first entry of this run

	// Of the present step:
	step    machine.EventID
	now     time.Duration
	changed map[machine.ServiceID]machine.EventID // the origins of the states that services have since

	event machine.Event

	recorder Recorder // nil: nothing is written
	header   func() Header

	askers [8]asked // of the last events without an entry; the latest at step%8

	// Room for an entry on its way to being kept, and for what is to be left out of it; and for
	// one that is read.
	entry       Entry
	shortEvent  machine.Event
	shortAction machine.Action
	writer      object
	readEntry   Entry
	reader      object
}

// asked is who asked with the event of a step.
type asked struct {
	step machine.EventID
	by   machine.Asker
}

// kept is an entry as it is remembered: what is searched for, and the rest as text, which
// takes a fifth of the room.
type kept struct {
	cause, origin uint64
	time          time.Duration
	step          machine.EventID
	service       string
	by            *machine.Asker // nil for nobody; shared, and never changed
	text          string
	marks         marks
}

// marks are what is to be known of an entry without reading its text.
type marks uint8

const (
	stateChanged marks = 1 << iota // it tells why the state of its service has changed with its step
	commands                       // it is a signal or an update that commands
	commanded                      // it is a command of one, in the same step
	isFact
)

// New returns a journal that remembers the last limit entries, and takes memory as they
// come. Times count from began; name returns the name of a service.
func New(limit int, began time.Time, name func(machine.ServiceID) string) *Journal {
	return &Journal{
		began: began, name: name, limit: limit, next: 1, base: 1, boot: 1,
		changed: make(map[machine.ServiceID]machine.EventID),
	}
}

// Step takes note of a step of the machine before its actions are carried out. If its event
// is worth an entry, that is added, and its number returned, else 0. Steps are numbered as
// the machine does it: none may be left out.
func (j *Journal) Step(now time.Duration, event machine.Event, actions []machine.Action) uint64 {
	j.step++
	j.now, j.event = now, event
	j.recordStep(actions)
	clear(j.changed)
	for i := range actions {
		if a := &actions[i]; a.Kind == machine.Tell && a.Note.Kind == machine.Changed {
			j.changed[a.Service] = a.Origin
		}
	}
	j.entry = eventEntry(&j.event, actions)
	e := &j.entry
	if e.Event == nil {
		j.askers[j.step%machine.EventID(len(j.askers))] = asked{j.step, event.By}
		return 0
	}
	service := machine.NoService
	if IsAboutService(event.Kind) {
		service = event.Service
		e.Service = j.name(service)
	}
	switch kind := event.Kind; {
	case kind == machine.Spawned, kind == machine.Emptied: // part of the matter that the state goes back to
		e.Origin = j.Of(changeOrigin(actions, service), e.Service)
	case kind == machine.Update, kind == machine.LoadFailed:
		e.Cause = j.Of(event.Ticket, "")
	}
	return j.add(service)
}

// changeOrigin is the origin of the last change of a service's state, 0 for none.
func changeOrigin(actions []machine.Action, service machine.ServiceID) machine.EventID {
	for i := len(actions) - 1; i >= 0; i-- {
		if a := &actions[i]; a.Service == service && a.Kind == machine.Tell && a.Note.Kind == machine.Changed {
			return a.Origin
		}
	}
	return 0
}

// Add adds the entry of an action that was carried out, or of a fact, and returns its
// number. A note that is not worth an entry adds none: the number is then that of what led
// to it. For an action, Service and what is zero of Cause, Origin, Time and By are found out.
func (j *Journal) Add(entry Entry) uint64 {
	j.entry = entry
	e, a := &j.entry, entry.Action
	if a == nil {
		return j.add(machine.NoService)
	}
	if a.Service != machine.NoService {
		e.Service = j.name(a.Service)
	}
	cause := j.Of(a.Cause, e.Service)
	if !worth(a) {
		return cause
	}
	if e.Cause == 0 {
		e.Cause = cause
	}
	if e.Origin == 0 && a.Note.Kind != machine.Commanded { // which begins a matter of its own
		e.Origin = j.Of(a.Origin, e.Service)
	}
	if e.By == (machine.Asker{}) && hasSender(a) {
		e.By = j.By(a.Origin, e.Service)
	}
	if by, certain := e.Verdict.Sender(); certain {
		e.By = by
	}
	return j.add(a.Service)
}

// add appends the present entry, about a service of the machine. One without a cause came
// out of its origin.
func (j *Journal) add(service machine.ServiceID) uint64 {
	id, e := j.next, &j.entry
	if e.Cause == 0 {
		e.Cause = e.Origin
	}
	if e.Origin == 0 {
		e.Origin = id
	}
	if e.Time == 0 {
		e.Time = j.now
	}
	k := kept{
		cause: e.Cause, origin: e.Origin, time: e.Time, step: j.step, service: e.Service,
		by: j.share(e.By, e.Origin), text: j.pack(e), marks: j.marksOf(e, service),
	}
	if k.marks&commanded != 0 && e.Cause >= j.first() {
		j.at(e.Cause).marks |= commands
	}
	j.recordEntry(id, k)
	j.keep(k)
	return id
}

func (j *Journal) keep(k kept) {
	j.next++
	if len(j.kept) < j.limit {
		j.kept = append(j.kept, k)
	} else {
		*j.at(j.next - 1) = k
	}
}

func (j *Journal) marksOf(e *Entry, service machine.ServiceID) (m marks) {
	if e.Fact.Kind != 0 {
		m |= isFact
	}
	if j.toldOfChange(e, service) {
		m |= stateChanged
	}
	if isCommand(e) {
		m |= commanded
	}
	return m
}

// toldOfChange reports whether the present entry belongs to the matter for which the state of
// its service has changed. A signal that was held until then, for one, does not.
func (j *Journal) toldOfChange(e *Entry, service machine.ServiceID) bool {
	step, changed := j.changed[service]
	switch {
	case !changed:
		return false
	case isCommand(e): // by which its service knows the step
		return step == j.step
	}
	origin := j.Of(step, e.Service)
	return origin == 0 || origin == e.Origin
}

// isCommand reports whether an entry is what a signal or an update commands of a service.
func isCommand(e *Entry) bool {
	return e.Event == nil && e.Action != nil && e.Action.Note.Kind == machine.Commanded
}

// share returns where an asker is kept: that of the origin, if it is the same.
func (j *Journal) share(by machine.Asker, origin uint64) *machine.Asker {
	if by == (machine.Asker{}) {
		return nil
	}
	if j.has(origin) {
		if known := j.at(origin).by; known != nil && *known == by {
			return known
		}
	}
	kept := by
	return &kept
}

// pack returns the text of an entry, without what is kept beside it.
func (j *Journal) pack(e *Entry) string {
	if e.Event != nil {
		j.shortEvent = *e.Event
		e.Event = &j.shortEvent
		e.Event.Service, e.Event.Gen, e.Event.By = 0, 0, machine.Asker{}
	}
	if e.Action != nil {
		j.shortAction = *e.Action
		e.Action = &j.shortAction
		e.Action.Cause, e.Action.Origin, e.Action.Service, e.Action.Gen, e.Action.Ticket = 0, 0, 0, 0, 0
	}
	j.writer.out = j.writer.out[:0]
	value(&j.writer, e, entryFields)
	return string(j.writer.out)
}

// Present returns the entry that was given to Step or Add last, with what was found out of
// it, also if it was not worth being kept. It is good until the next call of either.
func (j *Journal) Present() *Entry { return &j.entry }

// Of returns the number of the entry that a step is known by, for what it has led to with a
// service: the command about that if the step was a signal or an update that commands, else
// its first entry. It is 0 when there is none or it is forgotten.
func (j *Journal) Of(step machine.EventID, service string) uint64 {
	first := j.first()
	i := sort.Search(len(j.kept), func(i int) bool { return j.at(first+uint64(i)).step >= step })
	id := first + uint64(i)
	if step == 0 || !j.has(id) || j.at(id).step != step || j.at(id).marks&isFact != 0 {
		return 0
	}
	if j.at(id).marks&commands == 0 || service == "" {
		return id
	}
	for next := id + 1; j.has(next) && j.at(next).step == step; next++ {
		if k := j.at(next); k.marks&commanded != 0 && k.service == service {
			id = next
		}
	}
	return id
}

// By returns who asked for what a step has led to with a service; the zero value is nobody
// that is known, or remembered.
func (j *Journal) By(step machine.EventID, service string) machine.Asker {
	if id := j.Of(step, service); id != 0 {
		if by := j.at(id).by; by != nil {
			return *by
		}
		return machine.Asker{}
	}
	if a := &j.askers[step%machine.EventID(len(j.askers))]; a.step == step {
		return a.by
	}
	return machine.Asker{}
}

// Next is the number that the next entry will have.
func (j *Journal) Next() uint64 { return j.next }

// first is the number of the oldest entry that is still there.
func (j *Journal) first() uint64 { return j.next - uint64(len(j.kept)) }

// has reports whether there is an entry with a number.
func (j *Journal) has(id uint64) bool { return id >= j.first() && id < j.next }

// at is the place of an entry that is there.
func (j *Journal) at(id uint64) *kept { return &j.kept[(id-j.base)%uint64(j.limit)] }

// Entry returns the entry with a number, and false when it is forgotten or not there yet.
func (j *Journal) Entry(id uint64) (Entry, bool) {
	e, ok := j.read(id)
	if !ok {
		return Entry{}, false
	}
	return *e, true
}

// Event returns the entry with a number as clients are told of it.
func (j *Journal) Event(id uint64) (request.Event, bool) {
	e, ok := j.read(id)
	if !ok {
		return request.Event{}, false
	}
	return e.ForClients(j.began), true
}

// read returns an entry that is kept. It is good until the next one is read.
func (j *Journal) read(id uint64) (*Entry, bool) {
	if !j.has(id) {
		return nil, false
	}
	k, e := j.at(id), &j.readEntry
	*e = Entry{ID: id, Cause: k.cause, Origin: k.origin, Time: k.time, Step: k.step, Service: k.service}
	if k.by != nil {
		e.By = *k.by
	}
	j.reader = object{in: k.text, reading: true}
	value(&j.reader, e, entryFields)
	return e, j.reader.err == nil
}

// Last returns the last limit entries about these services, and about none in particular,
// the oldest first. No service means all of them, no limit all that there is.
func (j *Journal) Last(services []string, limit int) []request.Event {
	var events []request.Event
	for id := j.next - 1; j.has(id) && (limit <= 0 || len(events) < limit); id-- {
		if s := j.at(id).service; len(services) == 0 || s == "" || slices.Contains(services, s) {
			event, _ := j.Event(id)
			events = append(events, event)
		}
	}
	slices.Reverse(events)
	return events
}
