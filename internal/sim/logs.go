package sim

import (
	"strconv"

	"supervise/supervisor/calls"
	"supervise/supervisor/logs"
)

// fakeLogs are what services have written: lines that are numbered. It implements [calls.Logs].
type fakeLogs struct {
	w       *world
	written int
	readers []*reader
}

var _ calls.Logs = (*fakeLogs)(nil)

// reader is told of each line that one service writes.
type reader struct {
	service string
	tell    func([]logs.Line)
}

func (l *fakeLogs) line() logs.Line {
	return logs.Line{Stream: "stdout", Text: strconv.Itoa(l.written)}
}

// Last returns the last line.
func (l *fakeLogs) Last(string, int) ([]logs.Line, bool) { return []logs.Line{l.line()}, true }

// Follow tells the last line at once, and others as they are written.
func (l *fakeLogs) Follow(service string, _ int, tell func([]logs.Line)) (stop func()) {
	r := &reader{service, tell}
	l.readers = append(l.readers, r)
	tell([]logs.Line{l.line()})
	return func() {
		for i, known := range l.readers {
			if known == r {
				l.readers = append(l.readers[:i], l.readers[i+1:]...)
				return
			}
		}
		l.w.fail(nil, "a reader of lines is stopped twice")
	}
}

// write has a service write a line.
func (l *fakeLogs) write(service string) {
	l.written++
	for _, r := range l.readers {
		if r.service == service {
			r.tell([]logs.Line{l.line()})
		}
	}
}
