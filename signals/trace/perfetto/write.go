package perfetto

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"supervise/internal/text/escape"
	"supervise/signals/trace"
)

// batch is how much is written at once.
const batch = 64 << 10

// Length of the slices, which the arrows begin and end at, in microseconds: a slice that is
// still open when the next one of its thread begins would be an error.
const length = 0.2

// known is how many threads are named; a trace of more names them again.
const known = 1 << 16

// Writer is a [trace.Sink] that writes events.
type Writer struct {
	to      io.Writer
	at      io.WriterAt // to, if it can be written at any place
	offset  int64
	lines   bytes.Buffer
	encoder *json.Encoder
	boot    time.Time
	flows   uint64
	begun   bool           // an event was added
	named   map[int]string // by thread: the name that was written last
}

// event is an event of the format.
type event struct {
	Name  string  `json:"name"`
	Phase string  `json:"ph"`
	Cat   string  `json:"cat,omitempty"`
	PID   int     `json:"pid"`
	TID   int     `json:"tid"`
	Time  micros  `json:"ts"`
	Dur   float64 `json:"dur,omitempty"`
	ID    uint64  `json:"id,omitempty"`
	Bind  string  `json:"bp,omitempty"`
	Scope string  `json:"s,omitempty"`
	Args  any     `json:"args,omitempty"`
}

// NewWriter returns a writer to a file, which the caller closes after End.
func NewWriter(to io.Writer) *Writer {
	w := &Writer{to: to, named: map[int]string{}}
	if s, ok := to.(io.WriteSeeker); ok {
		if _, err := s.Seek(0, io.SeekCurrent); err == nil { // no pipe
			w.at, _ = to.(io.WriterAt)
		}
	}
	w.encoder = json.NewEncoder(escape.JSON{To: &w.lines})
	w.encoder.SetEscapeHTML(false)
	return w
}

// Begin writes an event with the header, and takes its clock.
func (w *Writer) Begin(h *trace.Header) error {
	w.boot = h.Boot
	if err := w.add(event{Name: "supervise_trace", Phase: "M", Args: h}); err != nil {
		return err
	}
	return w.Flush()
}

// Life writes the events of a life.
func (w *Writer) Life(l *trace.Life) error {
	from, to := l.Sender, l.Target
	name := l.Signal.String()
	end := name + " " + l.Verdict.String()
	sent, arrived := w.time(l.Time), w.time(l.Time.Add(l.Latency))
	args := struct {
		Signal *trace.Life `json:"signal"`
	}{l}
	drawn := 0
	if from.PID > 0 {
		verb := "send "
		if l.FromKernel() {
			verb = "kernel sends "
		}
		drawn++
		if err := w.slice(&from, event{Name: verb + name, Time: sent, Args: args}); err != nil {
			return err
		}
	}
	if to.PID > 0 && to.Comm+to.Cgroup != "" { // a pid that a failed call named may be nobody's
		drawn++
		if err := w.slice(&to, event{Name: end, Time: arrived, Args: args}); err != nil {
			return err
		}
	}
	if drawn < 2 {
		return nil
	}
	w.flows++
	err := w.add(event{Name: name, Phase: "s", Cat: "signal", PID: from.PID, TID: from.TID, Time: sent, ID: w.flows})
	return errors.Join(err, w.add(event{Name: name, Phase: "f", Bind: "e", Cat: "signal", PID: to.PID, TID: to.TID, Time: arrived, ID: w.flows}))
}

// slice writes a slice in a thread.
func (w *Writer) slice(t *trace.Task, e event) error {
	if err := w.name(t); err != nil {
		return err
	}
	e.Phase, e.Cat, e.PID, e.TID, e.Dur = "X", "signal", t.PID, t.TID, length
	return w.add(e)
}

// Event writes an instant.
func (w *Writer) Event(e *trace.Event) error {
	if err := w.name(&e.Task); err != nil {
		return err
	}
	return w.add(event{Name: e.Event, Phase: "i", Scope: "t", Cat: "process", PID: e.Task.PID, TID: e.Task.TID, Time: w.time(e.Time), Args: e})
}

// name names a process and a thread, when they are new or are called something else.
func (w *Writer) name(t *trace.Task) error {
	if t.Comm == "" || w.named[t.TID] == t.Comm {
		return nil
	}
	if len(w.named) >= known {
		clear(w.named)
	}
	w.named[t.TID] = t.Comm
	args := struct {
		Name string `json:"name"`
	}{escape.Line(t.Comm)}
	err := w.add(event{Name: "thread_name", Phase: "M", PID: t.PID, TID: t.TID, Args: args})
	if t.TID == t.PID {
		err = errors.Join(err, w.add(event{Name: "process_name", Phase: "M", PID: t.PID, TID: t.TID, Args: args}))
	}
	return err
}

// micros are microseconds since boot.
type micros time.Duration

// MarshalJSON writes them with nanoseconds, which a float would lose.
func (m micros) MarshalJSON() ([]byte, error) {
	n := max(time.Duration(m), 0)
	return fmt.Appendf(nil, "%d.%03d", n/time.Microsecond, n%time.Microsecond), nil
}

// time is a time since boot; without a header since the first time.
func (w *Writer) time(t time.Time) micros {
	if w.boot.IsZero() {
		w.boot = t
	}
	return micros(t.Sub(w.boot))
}

// add adds an event.
func (w *Writer) add(e event) error {
	w.separate()
	if err := w.encoder.Encode(e); err != nil {
		return err
	}
	w.lines.Truncate(w.lines.Len() - 1) // the line end
	if w.lines.Len() < batch {
		return nil
	}
	return w.Flush()
}

// separate begins the array, or a line of it.
func (w *Writer) separate() {
	if w.begun {
		w.lines.WriteString(",\n")
		return
	}
	w.begun = true
	w.lines.WriteString("[\n")
}

// Flush writes what there is.
func (w *Writer) Flush() error {
	if w.at == nil {
		_, err := w.lines.WriteTo(w.to)
		return err
	}
	if w.lines.Len() == 0 {
		return nil
	}
	size := w.lines.Len()
	w.lines.WriteString(closing)
	_, err := w.at.WriteAt(w.lines.Bytes(), w.offset)
	w.offset += int64(size)
	w.lines.Reset()
	return err
}

// End ends the file.
func (w *Writer) End(*trace.Counts) error {
	if !w.begun {
		w.begun = true
		w.lines.WriteString("[")
	}
	if w.at == nil {
		w.lines.WriteString(closing)
	}
	return w.Flush()
}

// closing ends the array.
const closing = "\n]\n"
