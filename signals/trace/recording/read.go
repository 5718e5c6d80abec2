package recording

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/klauspost/compress/zstd"

	"supervise/signals"
	"supervise/signals/trace"
)

// longest is how long a line may be. Those that are written have at most a few paths.
const longest = 256 << 10

// Options say what is wanted of a recording.
type Options struct {
	Keep   func(*trace.Life) bool // which lives; nil is all
	Events bool                   // with events
}

// A FormatError says that a file is no recording, or none that can be read.
type FormatError struct{ Reason string }

func (e *FormatError) Error() string { return e.Reason }

// A DamagedError says that a recording cannot be read to its end, though it has one. What is
// before that was handed over.
type DamagedError struct {
	Line int // that could not be read
	Err  error
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("the recording is damaged at line %d: %v", e.Line, e.Err)
}

func (e *DamagedError) Unwrap() error { return e.Err }

// Read hands a recording to a sink, as the tracer did: the header, lives and events, and the
// counts. Those of what Options keeps are counted again. Of a recording that ends early, Counts.Cut
// is set. The error is a *[FormatError], a *[DamagedError], or the sink's or the reader's own.
func Read(from io.Reader, sink trace.Sink, o Options) error {
	r, err := Open(from)
	if err != nil {
		return err
	}
	defer r.Close()
	return r.Read(sink, o)
}

// Open reads the header of a recording: whether it is one. The error is a *[FormatError] or the
// reader's own.
func Open(from io.Reader) (*Reader, error) {
	source := &source{from: from}
	unpacker, err := zstd.NewReader(source, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(1<<20))
	if err != nil {
		return nil, err
	}
	r := &Reader{source: source, unpacker: unpacker, lines: bufio.NewReaderSize(unpacker, 64<<10)}
	if err := r.header(); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// Close gives up what unpacks the recording, which is not closed.
func (r *Reader) Close() { r.unpacker.Close() }

// Read hands the recording to a sink, once: see the function Read.
func (r *Reader) Read(sink trace.Sink, o Options) error {
	r.sink, r.o = sink, o
	if b, ok := sink.(trace.Beginner); ok {
		if err := b.Begin(&r.about); err != nil {
			return err
		}
	}
	return r.all()
}

// source remembers the error of a file, to tell it from that of its content.
type source struct {
	from io.Reader
	err  error
}

func (s *source) Read(b []byte) (int, error) {
	n, err := s.from.Read(b)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// Reader is a recording that is being read.
type Reader struct {
	source   *source
	unpacker *zstd.Decoder
	lines    *bufio.Reader
	number   int // of the line
	line     []byte
	sink     trace.Sink
	o        Options

	about       trace.Header
	lives       uint64
	verdicts    [64]uint64
	first, last time.Time
}

// errTooLong is the error of a line that nobody has written.
var errTooLong = errors.New("the line is too long")

// next returns the next line without its end; io.ErrUnexpectedEOF after a cut.
func (r *Reader) next() ([]byte, error) {
	r.number++
	r.line = r.line[:0]
	for {
		part, err := r.lines.ReadSlice('\n')
		r.line = append(r.line, part...)
		switch {
		case r.source.err != nil:
			return nil, r.source.err
		case len(r.line) > longest:
			return nil, errTooLong
		case err == nil:
			return r.line, nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF):
			return nil, io.ErrUnexpectedEOF // the counts are the last line
		default:
			return nil, err
		}
	}
}

// header reads the first line.
func (r *Reader) header() error {
	const stranger = "it is not a recording of supervise trace"
	text, err := r.next()
	switch {
	case r.source.err != nil:
		return r.source.err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &FormatError{stranger + ", or was cut before its first line"}
	case err != nil:
		return &FormatError{stranger}
	}
	var f struct {
		Recording *int `json:"recording"`
	}
	if json.Unmarshal(text, &f) != nil || f.Recording == nil || json.Unmarshal(text, &r.about) != nil {
		return &FormatError{stranger}
	}
	if *f.Recording != version {
		return &FormatError{fmt.Sprintf("it is a recording of version %d, and this program reads version %d: read it with a newer supervise", *f.Recording, version)}
	}
	return nil
}

// all reads the other lines.
func (r *Reader) all() error {
	for {
		text, err := r.next()
		switch {
		case errors.Is(err, io.ErrUnexpectedEOF):
			return r.end(&trace.Counts{Backend: r.about.Backend, Duration: r.last.Sub(r.first), Cut: true})
		case err != nil && err == r.source.err:
			return err
		case err != nil:
			return r.damaged(err)
		}
		var l readLine
		if err := json.Unmarshal(text, &l); err != nil {
			return r.damaged(err)
		}
		if l.Life != nil && l.Life.Verdict == 0 || l.Waiting != nil && l.Waiting.Verdict == 0 {
			return r.damaged(errors.New("a signal has no verdict"))
		}
		if l.Counts != nil {
			if err := r.tail(); err != nil {
				return r.damaged(err)
			}
			return r.end(l.Counts)
		}
		if err := r.take(&l); err != nil {
			return err
		}
	}
}

// damaged ends what is read, so that what is before the damage is shown whole.
func (r *Reader) damaged(cause error) error {
	if err := r.end(&trace.Counts{Backend: r.about.Backend, Duration: r.last.Sub(r.first), Cut: true}); err != nil {
		return err
	}
	return &DamagedError{r.number, cause}
}

// tail checks that nothing follows the counts.
func (r *Reader) tail() error {
	text, err := r.lines.Peek(1)
	switch {
	case r.source.err != nil:
		return r.source.err
	case len(text) > 0:
		return errors.New("something follows its end")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil
	}
	return err
}

// take hands a line to the sink.
func (r *Reader) take(l *readLine) error {
	switch life := l.Life.life(); {
	case life != nil:
		r.seen(life.Time)
		if r.o.Keep != nil && !r.o.Keep(life) {
			return nil
		}
		r.lives++
		if int(life.Verdict) < len(r.verdicts) {
			r.verdicts[life.Verdict]++
		}
		return r.sink.Life(life)
	case l.Waiting != nil:
		waiting := l.Waiting.life()
		w, ok := r.sink.(trace.Waiter)
		if !ok || r.o.Keep != nil && !r.o.Keep(waiting) {
			return nil
		}
		return w.Waiting(waiting)
	case l.Event != nil:
		r.seen(l.Event.Time)
		if r.o.Events {
			return r.sink.Event(l.Event)
		}
	}
	return nil
}

// readLine is a line as it is read.
type readLine struct {
	Life    *readLife     `json:"life"`
	Waiting *readLife     `json:"waiting"`
	Event   *trace.Event  `json:"event"`
	Counts  *trace.Counts `json:"counts"`
}

// readLife is a life whose signal may be none: kill(2) fails with any number.
type readLife struct {
	trace.Life
	Signal number `json:"signal"`
}

// life is the life that was read, or nil.
func (l *readLife) life() *trace.Life {
	if l == nil {
		return nil
	}
	l.Life.Signal = signals.Signal(l.Signal)
	return &l.Life
}

// number is what [signals.Signal.String] prints, of any number.
type number signals.Signal

// UnmarshalText parses a name, or SIG and a number.
func (n *number) UnmarshalText(name []byte) error {
	if digits, ok := bytes.CutPrefix(name, []byte("SIG")); ok {
		if value, err := strconv.ParseUint(string(digits), 10, 8); err == nil {
			*n = number(value)
			return nil
		}
	}
	return (*signals.Signal)(n).UnmarshalText(name)
}

// seen notes the time of what was recorded.
func (r *Reader) seen(t time.Time) {
	if r.first.IsZero() || t.Before(r.first) {
		r.first = t
	}
	if t.After(r.last) {
		r.last = t
	}
}

// end hands over the counts, of what was kept.
func (r *Reader) end(c *trace.Counts) error {
	c.Lives, c.Verdicts = r.lives, map[string]uint64{}
	for v, n := range r.verdicts {
		if n > 0 {
			c.Verdicts[trace.Verdict(v).String()] = n
		}
	}
	return r.sink.End(c)
}
