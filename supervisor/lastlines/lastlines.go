package lastlines

import (
	"slices"

	"supervise/supervisor/control/request"
	"supervise/supervisor/journal"
	"supervise/supervisor/machine"
)

// Tail is what the main processes of one service wrote before their ends. The zero value is
// that of a service none of which has ended.
type Tail struct {
	last    *end // the last one that has ended
	reading int  // how many have ended whose output is still being read
}

// end is one main process that has ended.
type end struct {
	exit  uint64   // number of the entry about its exit, 0 for none
	lines []string // nil until they are read
	text  string   // of the entry about them
	entry uint64   // its number, 0 for none
}

// Ended says that a main process has ended, and returns what is to be called with its last
// lines. If there are any, that calls tell with the number of the entry about the exit, to
// add one about them.
func (t *Tail) Ended(tell func(exit uint64, lines journal.Fact) (entry uint64)) (read func(lines []string)) {
	e := &end{}
	t.last = e
	t.reading++
	return func(lines []string) {
		t.reading--
		e.lines, e.text = lines, journal.JoinLines(lines)
		if e.text != "" {
			e.entry = tell(e.exit, journal.Fact{Kind: journal.LinesRead, Lines: e.text})
		}
	}
}

// Told takes the number of the entry about the exit of the one that ended last.
func (t *Tail) Told(exit uint64) {
	if t.last != nil {
		t.last.exit = exit
	}
}

// Reading reports whether the output of one that has ended is still being read.
func (t *Tail) Reading() bool { return t.reading > 0 }

// Lines are those of the one that ended last, and whether all have been read.
func (t *Tail) Lines() (lines []string, read bool) {
	if t.last != nil {
		lines = t.last.lines
	}
	return lines, !t.Reading()
}

// Text is the same as the status has it, with line feeds between them; "" until they are read.
func (t *Tail) Text() string {
	if t.last == nil {
		return ""
	}
	return t.last.text
}

// Why is what led to the state of the service, by its name, and how the last one ended, with
// its last lines; starting is that of [journal.Journal.Why]. Only if the journal has forgotten these are they not among the events.
func (t *Tail) Why(j *journal.Journal, service string, starting machine.EventID) (events []request.Event, lines []request.Line) {
	if t.last == nil {
		return j.Why(service, starting, 0), nil
	}
	last := t.last
	events = j.Why(service, starting, last.entry)
	if last.entry != 0 && slices.ContainsFunc(events, func(e request.Event) bool { return e.ID == last.entry }) {
		return events, nil
	}
	for _, text := range last.lines {
		lines = append(lines, request.Line{Service: service, Text: text})
	}
	return events, lines
}
