package disk

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"syscall"

	"supervise/supervisor/journal"
)

// maxLine is the longest line that is read, in bytes. Headers grow with the services.
const maxLine = 64 << 20

var errLong = errors.New("it is longer than 64 MiB")

// Line is an error of [Read] about one line.
type Line struct {
	Path   string
	Number int // from 1
	Err    error
}

func (l *Line) Error() string { return fmt.Sprintf("%s:%d: %v", l.Path, l.Number, l.Err) }

// Unwrap returns Err.
func (l *Line) Unwrap() error { return l.Err }

// ErrTorn says that the last line is incomplete: it is being written, or whoever wrote it
// was killed.
var ErrTorn = errors.New("the last line is incomplete")

// Read yields the records of FILE.1, if there is one, and of FILE, in the order in which they
// were written. A line that cannot be read yields a [*Line] as error; the next line follows.
// Any other error is the file's, of which nothing more follows.
func Read(path string) iter.Seq2[journal.Record, error] {
	return func(yield func(journal.Record, error) bool) {
		older := path + ".1"
		if _, err := os.Stat(older); err == nil && !readFile(older, yield) {
			return
		}
		readFile(path, yield)
	}
}

func readFile(path string, yield func(journal.Record, error) bool) (more bool) {
	f, err := openRegular(path)
	if err != nil {
		return yield(journal.Record{}, err)
	}
	defer f.Close()
	return readLines(f, path, yield)
}

// openRegular opens a file, whoever owns it.
func openRegular(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot read the journal: %w", err)
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		_ = f.Close()
		return nil, fmt.Errorf("cannot read the journal: %s is not a regular file", path)
	}
	return f, nil
}

// readLines yields the records of a file. It trusts nothing in it.
func readLines(from io.Reader, path string, yield func(journal.Record, error) bool) (more bool) {
	lines := bufio.NewReader(from)
	for n := 1; ; n++ {
		line, err := readLine(lines)
		if len(line) == 0 && err == io.EOF {
			return true
		}
		if err != nil && err != io.EOF && err != errLong {
			// The disk fails, and would do so again.
			return yield(journal.Record{}, fmt.Errorf("cannot read the journal: %w", err))
		}
		var r journal.Record
		if err == nil {
			r, err = journal.ReadRecord(line)
		}
		if errors.Is(err, io.EOF) {
			return yield(r, &Line{path, n, ErrTorn})
		}
		if err != nil {
			err = &Line{path, n, err}
		}
		if !yield(r, err) {
			return false
		}
	}
}

// readLine reads a line with its newline. If it is too long, it is skipped, with an error.
func readLine(from *bufio.Reader) (line []byte, err error) {
	long := false
	for {
		part, err := from.ReadSlice('\n')
		if long = long || len(line)+len(part) > maxLine; !long {
			line = append(line, part...)
		}
		switch {
		case err == bufio.ErrBufferFull:
		case err == nil && long:
			return nil, errLong
		default:
			return line, err
		}
	}
}

// maxTail is how much of each file is searched for the entries of earlier runs, in bytes.
const maxTail = 8 << 20

// Earlier returns the last limit entries in the files, and how many lines could not be read.
// It is called before anything is recorded.
func (w *Writer) Earlier(limit int) (entries []journal.Record, bad int) {
	var lines [][]byte
	for _, path := range []string{w.path + ".1", w.path} {
		f, err := openOwn(path, os.O_RDONLY)
		if err != nil {
			continue
		}
		for line := range bytes.Lines(tail(f)) {
			if bytes.HasPrefix(line, []byte(`{"entry":`)) {
				lines = append(lines, line)
			}
		}
		_ = f.Close()
	}
	for _, line := range lines[max(0, len(lines)-limit):] {
		r, err := journal.ReadRecord(line)
		if err != nil {
			bad++
			continue
		}
		entries = append(entries, r)
	}
	return entries, bad
}

// tail returns the end of a file, from the beginning of a line on.
func tail(f *os.File) []byte {
	info, err := f.Stat()
	if err != nil {
		return nil
	}
	from := max(0, info.Size()-maxTail)
	text := make([]byte, info.Size()-from)
	n, _ := f.ReadAt(text, from)
	text = text[:n]
	if from > 0 {
		_, text, _ = bytes.Cut(text, []byte("\n"))
	}
	return text
}
