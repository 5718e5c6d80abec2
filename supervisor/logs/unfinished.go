package logs

import (
	"bytes"
	"time"
)

// lineLimit is how long other streams wait for the end of a long line, so that a file has it
// in one piece.
const lineLimit = time.Second

// unfinished is a line of which the beginning has been passed on, because it is too long to
// be kept: the streams that write to the same file wait for its end, or up to lineLimit.
type unfinished struct {
	stream *stream // nil: nobody has to wait
	since  time.Time
	timer  *time.Timer // nil: nobody waits
	last   *stream     // whose line it is at the end of the file; nil: of somebody who is gone
}

// raw takes data as it is, and returns how much: up to the last newline, and all of it if the
// line behind that is too long to be kept, or final.
func (o *outlet) raw(s *stream, data []byte, final bool) int {
	n := bytes.LastIndexByte(data, '\n') + 1
	if len(data)-n > MaxLine || final {
		n = len(data)
	}
	if n == 0 {
		return 0
	}
	if o.line.last != s {
		o.finishLine()
	}
	o.add(data[:n])
	switch {
	case data[n-1] == '\n':
		s.endless = false
		o.abandon(s)
	case final || s.endless:
		o.line.last = s
	default:
		o.line.stream, o.line.last = s, s
	}
	return n
}

// finishLine ends a line whose writer has not, before somebody else's line.
func (o *outlet) finishLine() {
	if o.midLine() {
		o.buf = append(o.buf, '\n')
	}
	o.line.end()
	o.line.last = nil
}

// midLine reports whether what was taken last does not end a line.
func (o *outlet) midLine() bool {
	if n := len(o.buf); n > 0 {
		return o.buf[n-1] != '\n'
	}
	return o.dst.midLine()
}

// release ends the wait for the rest of a line of s.
func (o *outlet) release(s *stream) {
	if o.line.stream == s {
		o.line.end()
	}
}

// abandon is release, and nothing of s will follow: what it has begun is a line of its own.
func (o *outlet) abandon(s *stream) {
	o.release(s)
	if o.line.last == s {
		o.line.last = nil
	}
}

func (u *unfinished) end() {
	if u.timer != nil {
		u.timer.Stop()
	}
	u.stream, u.timer = nil, nil
}

// excludes reports whether s has to wait for another stream's line, and sees to it that this
// ends.
func (u *unfinished) excludes(s *stream) bool {
	if u.stream == nil || u.stream == s {
		return false
	}
	if u.timer == nil {
		u.since = time.Now()
		u.timer = time.AfterFunc(lineLimit, u.stream.source.pump.Load().wake)
		return true
	}
	if time.Since(u.since) < lineLimit {
		return true
	}
	u.stream.endless = true
	u.end()
	return false
}
