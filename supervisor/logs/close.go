package logs

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// Left is what [Logs.Close] could not write.
type Left struct {
	Destination string
	Bytes       int64 // read but not written
	Lines       int64 // the number of lines in them
	Unread      int64 // bytes still in pipes
}

// LeftError says that not everything was written in time.
type LeftError struct {
	Left []Left
	Err  error // why the wait ended
}

func (e *LeftError) Error() string {
	var b strings.Builder
	b.WriteString("cannot write all output")
	for i, l := range e.Left {
		sep := ": "
		if i > 0 {
			sep = ", "
		}
		fmt.Fprintf(&b, "%s%s: %d bytes (%d lines) and %d unread bytes left", sep, l.Destination, l.Bytes, l.Lines, l.Unread)
	}
	return b.String() + ": " + e.Err.Error()
}

func (e *LeftError) Unwrap() error { return e.Err }

// Close reads and writes what is in all pipes, and closes everything. When ctx is done it
// drops the rest and returns a [*LeftError] that counts it. A pump that hangs in a write(2)
// to a disk keeps its descriptors until that returns.
func (l *Logs) Close(ctx context.Context) error {
	l.mu.Lock()
	l.closed = true
	pumps := make([]*Pump, 0, len(l.pumps))
	for p := range l.pumps {
		pumps = append(pumps, p)
	}
	l.mu.Unlock()
	for _, p := range pumps {
		p.shut()
	}
	var left []Left
	for _, p := range pumps {
		select {
		case <-p.finished:
		case <-ctx.Done():
			if n, stuck := p.abandon(); stuck {
				left = append(left, n)
			}
		}
	}
	l.archiver.close(ctx.Done())
	l.poll.close()
	l.watcher.close()
	l.mu.Lock()
	for _, w := range l.spare {
		w.free()
	}
	l.spare = nil
	l.mu.Unlock()
	if len(left) > 0 {
		return &LeftError{Left: left, Err: context.Cause(ctx)}
	}
	return nil
}

// abandon drops what the pump cannot write, and counts it. It does not wait for a pump that
// hangs in a system call.
func (p *Pump) abandon() (Left, bool) {
	select {
	case <-p.finished:
		return Left{}, false
	default:
	}
	stats := p.Stats()
	left := Left{Destination: p.name, Bytes: stats.Held, Lines: stats.HeldLines}
	p.mu.Lock()
	for s := range p.sources {
		for i := range s.streams {
			if fd := s.streams[i].fd; fd >= 0 {
				n, _ := unix.IoctlGetInt(fd, unix.TIOCINQ)
				left.Unread += int64(n)
			}
		}
	}
	p.abandoned = true
	hangs := p.state == running
	p.wakeLocked()
	p.mu.Unlock()
	if !hangs {
		<-p.finished
	}
	return left, left.Bytes > 0 || left.Unread > 0
}
