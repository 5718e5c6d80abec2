package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"supervise/supervisor/machine"
)

// step is one line of the record: an event and what the machine answered.
type step struct {
	number  int
	now     time.Duration
	event   machine.Event
	actions []machine.Action
}

// maxTranscript is how many steps of a transcript are printed. Signals are told of only
// when they are among the very last events of all, for they come in floods.
const (
	maxTranscript = 40
	lastSignals   = 10
)

// transcript is what led to the failure: the steps about the service to blame, from the
// last one on that left it at rest. Without anybody to blame it is the
// last few steps.
func (w *world) transcript() string {
	about := w.record
	if w.blame != machine.NoService {
		about = slices.DeleteFunc(slices.Clone(w.record), func(s step) bool {
			latest := w.steps - s.number
			return !w.concerns(&s, w.blame) || latest > lastSignals && !w.matters(&s, w.blame)
		})
		for i := len(about) - 2; i > 0; i-- {
			if w.rests(&about[i], w.blame) {
				about = about[i:]
				break
			}
		}
	}
	about = about[max(0, len(about)-maxTranscript):]
	var out strings.Builder
	for i := range about {
		w.write(&out, &about[i])
	}
	return out.String()
}

// concerns reports whether a step is about a service, or about all.
func (w *world) concerns(s *step, id machine.ServiceID) bool {
	for i := range s.actions {
		if s.actions[i].Service == id {
			return true
		}
	}
	return s.event.Kind.OfService() && s.event.Service == id
}

// matters reports whether a step did anything but pass on signals for a service.
func (w *world) matters(s *step, id machine.ServiceID) bool {
	return slices.ContainsFunc(s.actions, func(a machine.Action) bool {
		if a.Service != id || a.Kind == machine.Deliver || a.Kind == machine.Hold || a.Kind == machine.Release {
			return false
		}
		return !slices.Contains([]machine.NoteKind{machine.Held, machine.Dropped, machine.Coalesced, machine.Translated}, a.Note.Kind)
	})
}

// rests reports whether a step left a service at rest.
func (w *world) rests(s *step, id machine.ServiceID) bool {
	return slices.ContainsFunc(s.actions, func(a machine.Action) bool {
		n := &a.Note
		return a.Service == id && a.Kind == machine.Tell && n.Kind == machine.Changed &&
			(n.To == machine.Stopped || n.To == machine.Failed || n.To == machine.Removed)
	})
}

func (w *world) write(out *strings.Builder, s *step) {
	fmt.Fprintf(out, "%v: %s\n", s.now, s.event.Text(w.name(s.event.Service)))
	for i := range s.actions {
		a := &s.actions[i]
		if w.blame == machine.NoService || a.Service == w.blame || a.Service == machine.NoService {
			fmt.Fprintf(out, "    #%d for #%d: %s\n", a.Cause, a.Origin, a.Text(w.name(a.Service)))
		}
	}
}

func (w *world) name(id machine.ServiceID) string {
	if id < 0 || int(id) >= len(w.services) {
		return "?"
	}
	return w.services[id].spec.Name
}
