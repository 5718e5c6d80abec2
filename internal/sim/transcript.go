package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"supervise/supervisor/machine"
)

// line is one line of the record: an event and what the machine answered, or what somebody
// else did.
type line struct {
	now     time.Duration
	step    int // of the machine; of the last one, if it is a text
	event   machine.Event
	actions []machine.Action
	text    string
	of      *service // that a text is about
}

// note keeps a text for the transcript, about a tree or about none.
func (w *world) note(t *generation, format string, args ...any) {
	if !w.keep || w.err != nil {
		return
	}
	l := line{now: w.now, step: w.steps, text: fmt.Sprintf(format, args...)}
	if t != nil {
		l.of = t.service
	}
	w.record = append(w.record, l)
}

// maxTranscript is how many steps of a transcript are printed. Signals, and what others do, are
// told of only when they are among the very last events of all, for they come in floods.
const (
	maxTranscript = 60
	lastSignals   = 10
)

// transcript is what led to the failure: the steps about the service to blame, from the
// last one on that left it at rest. Without anybody to blame it is the
// last few steps.
func (w *world) transcript() string {
	about := w.record
	if w.blame != nil {
		about = slices.DeleteFunc(slices.Clone(w.record), func(l line) bool {
			latest := w.steps - l.step
			return !l.concerns(w.blame) || latest > lastSignals && !l.matters(w.blame)
		})
		for i := len(about) - 2; i > 0; i-- {
			if about[i].rests(w.blame.id) {
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

// concerns reports whether a line is about a service, or about all.
func (l *line) concerns(s *service) bool {
	if l.text != "" {
		return l.of == s || l.of == nil
	}
	for i := range l.actions {
		if l.actions[i].Service == s.id {
			return true
		}
	}
	return l.event.Kind.OfService() && l.event.Service == s.id
}

// matters reports whether a line does anything but pass on signals for a service.
func (l *line) matters(s *service) bool {
	if l.text != "" {
		return l.of == s
	}
	return slices.ContainsFunc(l.actions, func(a machine.Action) bool {
		if a.Service != s.id || a.Kind == machine.Deliver || a.Kind == machine.Hold || a.Kind == machine.Release {
			return false
		}
		return !slices.Contains([]machine.NoteKind{machine.Held, machine.Dropped, machine.Coalesced, machine.Translated}, a.Note.Kind)
	})
}

// rests reports whether a step left a service at rest.
func (l *line) rests(id machine.ServiceID) bool {
	return slices.ContainsFunc(l.actions, func(a machine.Action) bool {
		n := &a.Note
		return a.Service == id && a.Kind == machine.Tell && n.Kind == machine.Changed &&
			(n.To == machine.Stopped || n.To == machine.Failed || n.To == machine.Removed)
	})
}

func (w *world) write(out *strings.Builder, l *line) {
	if l.text != "" {
		fmt.Fprintf(out, "%v: (%s)\n", l.now, l.text)
		return
	}
	fmt.Fprintf(out, "%v: #%d %s", l.now, l.step, l.event.Text(w.nameOf(l.event.Service)))
	if l.event.By != (machine.Asker{}) {
		fmt.Fprintf(out, ", by %v", l.event.By)
	}
	out.WriteByte('\n')
	for i := range l.actions {
		a := &l.actions[i]
		if w.blame == nil || a.Service == w.blame.id || a.Service == machine.NoService {
			fmt.Fprintf(out, "    #%d for #%d: %s\n", a.Cause, a.Origin, a.Text(w.nameOf(a.Service)))
		}
	}
}

func (w *world) nameOf(id machine.ServiceID) string {
	if s := w.of(id); s != nil {
		return s.spec.Name
	}
	return "?"
}
