package disk

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"supervise/internal/safefile"
	"supervise/supervisor/journal"
)

// Writer writes records. It is a [journal.Recorder].
type Writer struct {
	path   string
	size   int64 // of a file, in bytes
	report func(Report)
	due    atomic.Bool
	wake   chan struct{} // has room for one
	done   chan struct{}

	mu     sync.Mutex
	queue  []journal.Record
	lost   uint64 // since the last record was queued
	closed bool

	// These belong to the goroutine.
	file    *os.File
	written int64  // length of the file, in bytes
	head    int64  // where the last header ends in it
	asked   bool   // a header is due, as the file is full
	text    []byte // to be written
	records uint64 // number of records in text
	failed  uint64 // number of records that could not be written, since the last that could
}

// Report is a problem of a [Writer]. One of the fields is set.
type Report struct {
	Err  error  // nothing can be written, or the file cannot be renamed
	Lost uint64 // so many records were lost; from now on they are written again
	Torn int64  // an incomplete last line of so many bytes was cut off
}

// String is the report as a sentence.
func (r Report) String() string {
	switch {
	case r.Err != nil:
		return r.Err.Error()
	case r.Torn > 0:
		return fmt.Sprintf("the last line of the journal was incomplete: %d bytes are dropped", r.Torn)
	}
	return fmt.Sprintf("%d records of the journal are lost: they came faster than they could be written", r.Lost)
}

// maxQueue is how many records may wait to be written.
const maxQueue = 4096

// maxText is how many bytes are written at once.
const maxText = 1 << 18

// Open opens or creates the journal. size bounds each of the two files, in bytes. report is
// called before Open returns, or on the writer's goroutine.
func Open(path string, size int64, report func(Report)) (*Writer, error) {
	w := &Writer{path: path, size: size, report: report, wake: make(chan struct{}, 1), done: make(chan struct{})}
	torn, err := w.open()
	if err != nil {
		return nil, err
	}
	if torn > 0 {
		report(Report{Torn: torn})
	}
	go w.run()
	return w, nil
}

func (w *Writer) open() (torn int64, err error) {
	if w.file, err = openForWriting(w.path); err != nil {
		return 0, err
	}
	if w.written, torn, err = dropTorn(w.file); err != nil {
		_ = w.file.Close()
		return 0, fmt.Errorf("cannot read the journal: %w", err)
	}
	w.head = 0
	return torn, nil
}

// Record queues a record. It never waits.
func (w *Writer) Record(r journal.Record) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.queue) >= maxQueue || w.closed {
		w.lost++
		return
	}
	if w.lost > 0 {
		w.queue = append(w.queue, journal.Record{Lost: w.lost})
		w.lost = 0
		w.due.Store(true)
	}
	w.queue = append(w.queue, r)
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Due reports, once, that a header is due.
func (w *Writer) Due() bool { return w.due.Load() && w.due.CompareAndSwap(true, false) }

// Close writes what is queued, and waits for that no longer than patience. Later records are
// lost.
func (w *Writer) Close(patience time.Duration) error {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
	select {
	case <-w.done:
		return nil
	case <-time.After(patience):
		return fmt.Errorf("cannot write the journal to its end: %s takes more than %v", w.path, patience)
	}
}

// run writes what is queued, until Close.
func (w *Writer) run() {
	defer close(w.done)
	for range w.wake {
		queue, closed := w.take()
		for _, r := range queue {
			w.write(r)
		}
		w.flush()
		if closed {
			_ = w.file.Close()
			return
		}
	}
}

func (w *Writer) take() (queue []journal.Record, closed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	queue, w.queue = w.queue, nil
	return queue, w.closed
}

// write adds one record to the text, and begins a new file with a header if it is time.
func (w *Writer) write(r journal.Record) {
	if r.Lost > 0 {
		w.report(Report{Lost: r.Lost})
	}
	if r.Header != nil && w.full() {
		w.flush()
		w.rotate()
	}
	text, err := r.AppendTo(w.text)
	if err != nil {
		w.failed++
		w.report(Report{Err: fmt.Errorf("cannot write the journal: %w", err)})
		return
	}
	w.text = text
	w.records++
	switch {
	case r.Header != nil:
		w.head, w.asked = w.written+int64(len(w.text)), false
	case w.full() && !w.asked:
		w.asked = true
		w.due.Store(true)
	}
	if len(w.text) >= maxText {
		w.flush()
	}
}

// full reports whether it is time for a new file: this one is nearly full, and that is not
// due to its header alone.
func (w *Writer) full() bool {
	written := w.written + int64(len(w.text))
	return written >= w.size-w.size/8 && written-w.head >= w.size/4
}

// flush writes the text. If that fails, its records are lost, and what was written of them
// is removed again.
func (w *Writer) flush() {
	if w.records == 0 {
		return
	}
	text := w.text
	if w.failed > 0 {
		if text, _ = (&journal.Record{Lost: w.failed}).AppendTo(nil); text != nil {
			text = append(text, w.text...)
		}
	}
	n, err := w.file.Write(text)
	switch {
	case err == nil && w.failed > 0:
		w.report(Report{Lost: w.failed})
		w.failed = 0
		w.due.Store(true)
	case err != nil && w.failed == 0:
		w.report(Report{Err: fmt.Errorf("cannot write the journal, and what happens is not recorded: %w", err)})
	}
	if err != nil {
		w.failed += w.records
		if n > 0 {
			_ = w.file.Truncate(w.written)
		}
		n = 0
	}
	w.written += int64(n)
	w.text, w.records = w.text[:0], 0
}

// rotate begins a new file. If that fails, the old one is emptied: its size is bounded in any
// case.
func (w *Writer) rotate() {
	dir, err := safefile.OpenDir(filepath.Dir(w.path), safefile.OurLinks)
	if err != nil {
		w.startOver(err)
		return
	}
	defer dir.Close()
	name := filepath.Base(w.path)
	err = dir.Rename(name, name+".1")
	if errors.Is(err, os.ErrNotExist) {
		err = nil // somebody has taken it away
	}
	if err == nil {
		old := w.file
		if _, err = w.open(); err == nil {
			_ = old.Close()
			return
		}
		w.file = old
		_ = dir.Rename(name+".1", name)
	}
	w.startOver(err)
}

// startOver begins the present file anew.
func (w *Writer) startOver(err error) {
	w.report(Report{Err: fmt.Errorf("cannot begin a new journal, and the old one is lost: %w", err)})
	_ = w.file.Truncate(0)
	w.written, w.head = 0, 0
}
