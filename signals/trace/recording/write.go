package recording

import (
	"bytes"
	"encoding/json"
	"io"

	"github.com/klauspost/compress/zstd"

	"supervise/internal/text/escape"
	"supervise/signals/trace"
)

// version is that of the format: see the package's description.
const version = 1

const (
	window = 256 << 10 // how far back the compression refers
	batch  = 64 << 10  // of lines, written at once
)

// first is the first line.
type first struct {
	Recording int `json:"recording"`
	*trace.Header
}

// line is any other line.
type line struct {
	Life    *trace.Life   `json:"life,omitempty"`
	Waiting *trace.Life   `json:"waiting,omitempty"`
	Event   *trace.Event  `json:"event,omitempty"`
	Counts  *trace.Counts `json:"counts,omitempty"`
}

// Writer is a [trace.Sink] that records.
type Writer struct {
	to      io.Writer
	lines   bytes.Buffer // not compressed yet
	encoder *json.Encoder
	packed  bytes.Buffer // not written yet
	packer  *zstd.Encoder
}

// NewWriter returns a writer to a file, which the caller closes after End.
func NewWriter(to io.Writer) (*Writer, error) {
	w := &Writer{to: to}
	w.encoder = json.NewEncoder(escape.JSON{To: &w.lines})
	w.encoder.SetEscapeHTML(false)
	var err error
	w.packer, err = zstd.NewWriter(&w.packed, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(window))
	return w, err
}

// Begin writes the first line.
func (w *Writer) Begin(h *trace.Header) error {
	if err := w.encoder.Encode(first{version, h}); err != nil {
		return err
	}
	return w.Flush()
}

// Life records a life.
func (w *Writer) Life(l *trace.Life) error { return w.add(line{Life: l}) }

// Waiting records a life that is not over.
func (w *Writer) Waiting(l *trace.Life) error { return w.add(line{Waiting: l}) }

// Event records an event.
func (w *Writer) Event(e *trace.Event) error { return w.add(line{Event: e}) }

// End records the counts, and ends the recording.
func (w *Writer) End(c *trace.Counts) error {
	if err := w.encoder.Encode(line{Counts: c}); err != nil {
		return err
	}
	return w.write(w.packer.Close)
}

// Flush writes what there is.
func (w *Writer) Flush() error {
	if w.lines.Len() == 0 {
		return nil
	}
	return w.write(w.packer.Flush)
}

func (w *Writer) add(l line) error {
	if err := w.encoder.Encode(l); err != nil {
		return err
	}
	if w.lines.Len() < batch {
		return nil
	}
	return w.Flush()
}

// write compresses the lines, completes them, and writes them at once.
func (w *Writer) write(complete func() error) error {
	if _, err := w.lines.WriteTo(w.packer); err != nil {
		return err
	}
	if err := complete(); err != nil {
		return err
	}
	_, err := w.packed.WriteTo(w.to)
	return err
}
