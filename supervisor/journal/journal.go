package journal

import (
	"maps"
	"slices"
	"sort"
	"time"

	"supervise/supervisor/control/request"
	"supervise/supervisor/machine"
)

// Journal is the list of the last entries. It belongs to one goroutine.
type Journal struct {
	began time.Time
	name  func(machine.ServiceID) string
	limit int
	kept  []kept // a ring once it has grown to limit
	next  uint64 // the number of the next entry; numbers begin at 1
	base  uint64 // the number of the entry that was the first in the ring
	boot  uint64 // the number of the first entry of this run

	// The present step:
	step    machine.EventID
	now     time.Duration
	changed map[machine.ServiceID]machine.EventID // the origins of the states that services have since
	opening uint64                                // the number of its first entry, 0 for none yet
	event   machine.Event

	looking map[machine.ServiceID]bool // those of which it is asked whether a core is being written

	recorder Recorder // nil: nothing is written
	header   func() Header

	askers [8]asked       // of the last events without an entry; the latest at step%8
	shared *machine.Asker // of the last entry that has one

	// The last entry. It becomes text when the next one comes or somebody reads, so that what
	// was decided is carried out first.
	entry    Entry
	action   machine.Action // its Action; its Event is that of the step
	unpacked bool
	writer   object

	// The entry that was read last.
	readEntry Entry
	reader    object
}

// asked says who asked for something with the event of a step.
type asked struct {
	step machine.EventID
	by   machine.Asker
}

// kept is an entry in memory: what is searched for, and the rest as text, which takes a fifth
// of the memory.
type kept struct {
	cause, origin uint64
	time          time.Duration
	step          machine.EventID
	service       string
	by            *machine.Asker // nil for nobody; shared, and never changed
	text          string
	marks         marks
}

// marks say about an entry what must be known without parsing its text.
type marks uint8

const (
	stateChanged marks = 1 << iota // it says why its step has changed the state of its service
	commands                       // it is a signal or an update with commands
	commanded                      // it is such a command, in the same step
	isFact
	opens // it is the first one of its step, of which the others may outlive it
)

// New returns a journal of the last limit entries. Times count from began; name returns the
// name of a service.
func New(limit int, began time.Time, name func(machine.ServiceID) string) *Journal {
	return &Journal{
		began: began, name: name, limit: limit, next: 1, base: 1, boot: 1,
		changed: make(map[machine.ServiceID]machine.EventID), looking: make(map[machine.ServiceID]bool),
	}
}

// Step takes a step of the machine, before its actions are carried out. It adds an entry
// about the event and returns its number, or returns 0 if such events have none. No step may
// be left out: they are counted here, too.
func (j *Journal) Step(now time.Duration, event machine.Event, actions []machine.Action) uint64 {
	j.pack()
	j.step++
	j.now, j.event, j.opening = now, event, 0
	j.recordStep(actions)
	j.noteChanges(actions)
	e := &j.entry
	*e = Entry{By: event.By}
	e.setEvent(&j.event, actions)
	if e.Event == nil {
		j.askers[j.step%machine.EventID(len(j.askers))] = asked{j.step, event.By}
		return 0
	}
	service := machine.NoService
	if event.Kind.OfService() {
		service = event.Service
		e.Service = j.name(service)
	}
	switch kind := event.Kind; {
	case kind == machine.Spawned, kind == machine.Emptied: // they belong to what the state goes back to
		e.Origin = j.Of(changeOrigin(actions, service), e.Service)
	case kind == machine.Update, kind == machine.LoadFailed:
		e.Cause = j.Of(event.Ticket, "")
	}
	return j.add(service)
}

// noteChanges takes note of the services whose state a step changes. Where it only asks whether a
// core is being written, what it does about the change comes in the step with the answer.
func (j *Journal) noteChanges(actions []machine.Action) {
	before := j.changed
	if len(before) > manyChanges { // a map keeps its size, and passing over it takes as long
		j.changed = map[machine.ServiceID]machine.EventID{}
		for id := range j.looking {
			if origin, changed := before[id]; changed {
				j.changed[id] = origin
			}
		}
	} else {
		maps.DeleteFunc(before, func(id machine.ServiceID, _ machine.EventID) bool { return !j.looking[id] })
	}
	if j.event.Kind == machine.DumpsSeen {
		delete(j.looking, j.event.Service)
	}
	for i := range actions {
		switch a := &actions[i]; {
		case a.Kind == machine.LookForDumps:
			j.looking[a.Service] = true
		case a.Kind == machine.Tell && a.Note.Kind == machine.Changed:
			j.changed[a.Service] = a.Origin
		}
	}
}

// manyChanges are as many as only the beginning and the end of all services make in one step.
const manyChanges = 64

// changeOrigin is the origin of the last change of a service's state, 0 for none.
func changeOrigin(actions []machine.Action, service machine.ServiceID) machine.EventID {
	for i := len(actions) - 1; i >= 0; i-- {
		if a := &actions[i]; a.Service == service && a.Kind == machine.Tell && a.Note.Kind == machine.Changed {
			return a.Origin
		}
	}
	return 0
}

// Add adds an entry about an action that was carried out, or about a fact, and returns its
// number. Some actions and notes have no entry: then it returns the number of the entry that
// led to it. For an action it fills in Service, and those of Cause, Origin, Time and By that
// are zero.
func (j *Journal) Add(entry Entry) uint64 {
	j.pack()
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
	if e.Origin == 0 && a.Note.Kind != machine.Commanded { // which is an origin itself
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

// add appends the present entry, which is about a service of the machine. Without a cause,
// its origin is the cause.
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
		by: j.share(&e.By, e.Origin), marks: j.marksOf(e, service),
	}
	if k.marks&commanded != 0 && e.Cause >= j.first() {
		j.at(e.Cause).marks |= commands
	}
	if j.opening == 0 {
		j.opening = id
		k.marks |= opens
	}
	j.keep(k)
	j.shorten()
	if j.recorder != nil { // what is on disk is never behind
		j.pack()
	}
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
	case isCommand(e): // its service knows the step by it
		return step == j.step
	}
	origin := j.Of(step, e.Service)
	return origin == 0 || origin == e.Origin
}

// isCommand reports whether an entry is what a signal or an update commands of a service.
func isCommand(e *Entry) bool {
	return e.Event == nil && e.Action != nil && e.Action.Note.Kind == machine.Commanded
}

// share returns where an asker is kept: with the last entry or the origin, if it is the same.
func (j *Journal) share(by *machine.Asker, origin uint64) *machine.Asker {
	switch {
	case *by == machine.Asker{}:
		return nil
	case j.shared != nil && *j.shared == *by:
	case j.has(origin) && j.at(origin).by != nil && *j.at(origin).by == *by:
		j.shared = j.at(origin).by
	default:
		kept := *by
		j.shared = &kept
	}
	return j.shared
}

// shorten leaves out of the present entry what is kept beside its text.
func (j *Journal) shorten() {
	e := &j.entry
	if e.Event != nil {
		e.Event.Service, e.Event.Gen, e.Event.By = 0, 0, machine.Asker{}
	}
	if e.Action != nil {
		j.action = *e.Action
		e.Action = &j.action
		e.Action.Cause, e.Action.Origin, e.Action.Service, e.Action.Gen, e.Action.Ticket = 0, 0, 0, 0, 0
	}
	j.unpacked = true
}

// pack makes the text of the last entry, if that is still to be done.
func (j *Journal) pack() {
	if !j.unpacked {
		return
	}
	j.unpacked = false
	j.writer.out = j.writer.out[:0]
	value(&j.writer, &j.entry, entryFields)
	k := j.at(j.next - 1)
	k.text = string(j.writer.out)
	j.recordEntry(j.next-1, *k)
}

// Present returns the entry of the last call of Step or Add, with all that was filled in,
// even if it was not added. It is valid until the next call of either.
func (j *Journal) Present() *Entry { return &j.entry }

// Of returns the number of the entry that stands for a step, as the cause of something about
// a service: the command for that service if the step was a signal or an update with
// commands, else the first entry of the step. It is 0 if there is none, or it is forgotten.
func (j *Journal) Of(step machine.EventID, service string) uint64 {
	id := j.opening
	if step != j.step {
		id = j.firstSince(step)
	}
	if step == 0 || !j.has(id) || j.at(id).step != step || j.at(id).marks&(opens|isFact) != opens {
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

// firstSince returns the number of the first entry of a step, or else of those after it.
func (j *Journal) firstSince(step machine.EventID) uint64 {
	first := j.first()
	return first + uint64(sort.Search(len(j.kept), func(i int) bool { return j.at(first+uint64(i)).step >= step }))
}

// Origin returns the number of the entry that an entry goes back to, 0 if it is forgotten.
func (j *Journal) Origin(id uint64) uint64 {
	if !j.has(id) {
		return 0
	}
	return j.at(id).origin
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

// first is the number of the oldest entry in memory.
func (j *Journal) first() uint64 { return j.next - uint64(len(j.kept)) }

// has reports whether the entry with a number is in memory.
func (j *Journal) has(id uint64) bool { return id >= j.first() && id < j.next }

// at returns an entry that is in memory.
func (j *Journal) at(id uint64) *kept { return &j.kept[(id-j.base)%uint64(j.limit)] }

// Entry returns the entry with a number, and false if there is none, or it is forgotten.
func (j *Journal) Entry(id uint64) (Entry, bool) {
	e, ok := j.read(id)
	if !ok {
		return Entry{}, false
	}
	return *e, true
}

// Event returns the entry with a number in the form for clients.
func (j *Journal) Event(id uint64) (request.Event, bool) {
	e, ok := j.read(id)
	if !ok {
		return request.Event{}, false
	}
	return e.ForClients(j.began), true
}

// read returns an entry that is in memory. It is valid until the next one is read.
func (j *Journal) read(id uint64) (*Entry, bool) {
	if !j.has(id) {
		return nil, false
	}
	j.pack()
	k, e := j.at(id), &j.readEntry
	*e = Entry{ID: id, Cause: k.cause, Origin: k.origin, Time: k.time, Step: k.step, Service: k.service}
	if k.by != nil {
		e.By = *k.by
	}
	j.reader = object{in: k.text, reading: true}
	value(&j.reader, e, entryFields)
	return e, j.reader.err == nil
}

// Last returns the last limit entries about these services, or about none in particular, the
// oldest first. No services means all of them, 0 means no limit.
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
