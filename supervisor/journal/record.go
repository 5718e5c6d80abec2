package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"supervise/config"
	"supervise/supervisor/machine"
)

// Record is one line of a journal on disk: a JSON object, whose first member says which of
// these it is. Exactly one field is set.
type Record struct {
	Header *Header // a run begins, or continues in a new file or after a gap
	Offer  *Offer  // a configuration for the next Update
	Step   *Step
	Lost   uint64 // so many records could not be written

	entry *line
}

// Header says how to make a machine that can take the steps that follow.
type Header struct {
	Run           time.Time         `json:"run"` // when the run began
	Now           time.Duration     `json:"now"` // of the header, since then
	Version       string            `json:"version,omitzero"`
	PID           int               `json:"pid"`
	Seed          uint64            `json:"seed"`
	Configuration *config.File      `json:"configuration"`     // see [machine.Relevant]
	Machine       *machine.Snapshot `json:"machine,omitempty"` // nil at the beginning of a run
}

// Offer is a call of [machine.Machine.Offer].
type Offer struct {
	Offer         machine.Revision `json:"offer"` // what it returned
	Restart       []string         `json:"restart,omitempty"`
	Configuration *config.File     `json:"configuration"`
}

// Step is a step of the machine: the event, at a time since the run began, and its actions.
type Step struct {
	Number  machine.EventID
	Now     time.Duration
	Event   machine.Event
	Actions []machine.Action
}

// line is an entry on disk.
type line struct {
	id   uint64
	time int64 // in nanoseconds since 1970
	kept
}

func stepFields(o *object, s *Step) {
	number(o, "step", &s.Number)
	integer(o, "now", &s.Now)
	part(o, "event", &s.Event, eventFields)
	array(o, "actions", &s.Actions, actionFields)
}

func lineFields(o *object, l *line) {
	number(o, "entry", &l.id)
	unsigned(o, "cause", &l.cause)
	unsigned(o, "origin", &l.origin)
	integer(o, "time", &l.time)
	unsigned(o, "step", &l.step)
	text(o, "service", &l.service)
	changed := l.marks&stateChanged != 0
	if boolean(o, "changed", &changed); changed {
		l.marks |= stateChanged
	}
	optional(o, "by", &l.by, askerFields)
	o.last("about", &l.text)
}

func lostFields(o *object, n *uint64) { number(o, "lost", n) }

// AppendTo appends the record as a line, which ends with a newline.
func (r *Record) AppendTo(text []byte) ([]byte, error) {
	var err error
	o := object{out: text}
	switch {
	case r.entry != nil:
		value(&o, r.entry, lineFields)
	case r.Step != nil:
		value(&o, r.Step, stepFields)
	case r.Lost != 0:
		value(&o, &r.Lost, lostFields)
	case r.Header != nil:
		o.out, err = appendJSON(o.out, r.Header)
	case r.Offer != nil:
		o.out, err = appendJSON(o.out, r.Offer)
	default:
		err = errors.New("an empty record")
	}
	return append(o.out, '\n'), err
}

func appendJSON(text []byte, v any) ([]byte, error) {
	more, err := json.Marshal(v)
	return append(text, more...), err
}

// ReadRecord reads a line, with or without its newline. Unknown members are errors.
func ReadRecord(text []byte) (r Record, err error) {
	text = bytes.TrimSuffix(text, []byte("\n"))
	kind, _, _ := bytes.Cut(bytes.TrimPrefix(text, []byte(`{"`)), []byte(`":`))
	switch string(kind) {
	case "entry":
		r.entry = new(line)
		if err = read(text, r.entry, lineFields); err == nil {
			var e Entry
			err = read([]byte(r.entry.text), &e, entryFields)
		}
	case "step":
		r.Step = new(Step)
		err = read(text, r.Step, stepFields)
	case "lost":
		if err = read(text, &r.Lost, lostFields); err == nil && r.Lost == 0 {
			err = errForm
		}
	case "run":
		if err = json.Unmarshal(text, &r.Header); err == nil && r.Header.Configuration == nil {
			err = errForm
		}
	case "offer":
		if err = json.Unmarshal(text, &r.Offer); err == nil && r.Offer.Configuration == nil {
			err = errForm
		}
	default:
		err = errForm
	}
	if err != nil {
		return Record{}, fmt.Errorf("cannot read a line of a journal: %w", err)
	}
	return r, nil
}

// read reads a text that is one object.
func read[T any](text []byte, v *T, fields func(*object, *T)) error {
	o := object{in: string(text), reading: true}
	value(&o, v, fields)
	if o.err == nil && o.in != "" {
		return errForm
	}
	return o.err
}

// ActionText is an action as a record has it, with all of its fields that are not zero.
func ActionText(a machine.Action) string {
	var o object
	value(&o, &a, actionFields)
	return string(o.out)
}
