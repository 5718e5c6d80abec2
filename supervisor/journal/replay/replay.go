package replay

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"supervise/config"
	"supervise/supervisor/journal"
	"supervise/supervisor/machine"
)

// Replay is a machine that takes recorded steps. The zero value waits for a header.
type Replay struct {
	machine *machine.Machine // nil: steps cannot be replayed
	run     time.Time        // when the present run began
	offered *config.File     // for the next Update
	names   []string         // of the services, by id
	seen    map[string]bool  // all names so far
	missing bool             // an error has said that steps cannot be replayed
	Steps   int              // number of steps that were replayed
	Skipped int              // number of steps that could not be replayed
}

// ErrNoBeginning says that the header is missing from which steps can be replayed.
var ErrNoBeginning = errors.New("what follows cannot be replayed until the next header: " +
	"its beginning is missing. Replay the files FILE.1 and FILE together; a larger supervisor.journal-size keeps more of them")

// Feed takes the next record of a journal, or the error in its place. It returns the decision
// of a step, and nil for other records. An error says what cannot be replayed; Feed may be
// called again after it.
func (r *Replay) Feed(record journal.Record, err error) (*Decision, error) {
	switch {
	case err != nil:
		r.machine = nil
		return nil, err
	case record.Lost > 0:
		r.machine = nil
		return nil, fmt.Errorf("%d records could not be written: %w", record.Lost, ErrNoBeginning)
	case record.Header != nil:
		return nil, r.begin(record.Header)
	case record.Offer != nil:
		r.offer(record.Offer)
	case record.Step != nil:
		return r.step(record.Step)
	}
	return nil, nil
}

// begin makes a machine, unless the present one has come to the same point by itself.
func (r *Replay) begin(h *journal.Header) (err error) {
	goesOn := r.machine != nil && h.Machine != nil && h.Run.Equal(r.run)
	r.run, r.missing = h.Run, false
	switch {
	case goesOn:
		return nil
	case h.Machine == nil:
		r.machine = machine.New(h.Configuration, h.Seed)
	default:
		r.machine, err = machine.Restore(h.Configuration, *h.Machine)
	}
	if err != nil {
		r.machine, r.missing = nil, true
		return fmt.Errorf("what follows cannot be replayed: %w", err)
	}
	r.names = nil
	if h.Machine != nil { // it has services that are not in the configuration any more
		for i := range h.Machine.Services {
			r.names = append(r.names, h.Machine.Services[i].Name)
		}
	}
	r.learn(h.Configuration)
	return nil
}

func (r *Replay) offer(o *journal.Offer) {
	if r.machine != nil {
		r.machine.Offer(o.Configuration, o.Restart)
		r.offered = o.Configuration
	}
}

// learn adds the names of new services.
func (r *Replay) learn(file *config.File) {
	if r.seen == nil {
		r.seen = map[string]bool{}
	}
	r.names = append(r.names, make([]string, r.machine.Len()-len(r.names))...)
	for i := range file.Services {
		name := file.Services[i].Name
		if id, ok := r.machine.Find(name); ok {
			r.names[id] = name
			r.seen[name] = true
		}
	}
}

// Services returns the names of all services so far, sorted.
func (r *Replay) Services() []string { return slices.Sorted(maps.Keys(r.seen)) }

func (r *Replay) step(s *journal.Step) (*Decision, error) {
	if r.machine != nil && r.machine.Steps()+1 != s.Number {
		r.machine = nil
	}
	if r.machine == nil {
		r.Skipped++
		if r.missing {
			return nil, nil
		}
		r.missing = true
		return nil, fmt.Errorf("step %d: %w", s.Number, ErrNoBeginning)
	}
	r.Steps++
	d := &Decision{Time: r.run.Add(s.Now), Step: s, Now: slices.Clone(r.machine.Step(s.Now, s.Event))}
	if s.Event.Kind == machine.Update && r.offered != nil {
		r.learn(r.offered)
		r.offered = nil
	}
	d.names = r.names
	return d, nil
}

// Decision is a step that was replayed.
type Decision struct {
	Time time.Time
	Step *journal.Step    // as it was recorded
	Now  []machine.Action // what the machine of this version decides

	names []string
}

// Same reports whether the machine decides as it was recorded.
func (d *Decision) Same() bool { return slices.Equal(d.Step.Actions, d.Now) }

// Difference returns the first action that differs, in words: as it was recorded, and now. A
// missing one is "nothing".
func (d *Decision) Difference() (recorded, now string) {
	i := 0
	for i < len(d.Step.Actions) && i < len(d.Now) && d.Step.Actions[i] == d.Now[i] {
		i++
	}
	recorded, now = d.describe(d.Step.Actions, i), d.describe(d.Now, i)
	if recorded == now { // the difference does not show in words
		recorded, now = journal.ActionText(d.Step.Actions[i]), journal.ActionText(d.Now[i])
	}
	return recorded, now
}

func (d *Decision) describe(actions []machine.Action, i int) string {
	if i >= len(actions) {
		return "nothing"
	}
	return d.Action(i, actions)
}

// Event says what happened and who asked for it: "restart web, asked for by pid 812 (bash,
// uid 0)".
func (d *Decision) Event() string {
	e := &d.Step.Event
	text := e.Text(d.Service(e.Service))
	switch by := e.By; {
	case by == machine.Asker{}, e.Kind == machine.Signal && by.Name == "":
		return text
	case e.Kind == machine.Signal:
		return text + ", which is " + by.Name
	default:
		return text + ", asked for by " + by.String()
	}
}

// Action is the ith of some actions in words.
func (d *Decision) Action(i int, of []machine.Action) string {
	return of[i].Text(d.Service(of[i].Service))
}

// Service is the name of a service, "" for NoService.
func (d *Decision) Service(id machine.ServiceID) string {
	switch {
	case id == machine.NoService:
		return ""
	case id >= 0 && int(id) < len(d.names) && d.names[id] != "":
		return d.names[id]
	}
	return "#" + strconv.Itoa(int(id))
}

// Subject is the service that the event is about, "" if it is about none in particular.
func (d *Decision) Subject() string {
	if d.Step.Event.Kind.OfService() {
		return d.Service(d.Step.Event.Service)
	}
	return ""
}

// About reports whether a step is about one of these services. A step that is about none in
// particular, with no action about a service, is about all of them.
func (d *Decision) About(services []string) bool {
	if len(services) == 0 {
		return true
	}
	if name := d.Subject(); name != "" {
		return slices.Contains(services, name)
	}
	other := false
	for i := range d.Now {
		switch name := d.Service(d.Now[i].Service); {
		case slices.Contains(services, name):
			return true
		case name != "":
			other = true
		}
	}
	return !other
}
