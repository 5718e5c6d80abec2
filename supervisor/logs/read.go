package logs

import (
	"bytes"
	"errors"
	"time"

	"golang.org/x/sys/unix"
)

// readSize is how much of one stream is read in one round, in bytes: the default capacity of
// a pipe (pipe(7)).
const readSize = 64 << 10

// read reads once from s, into p.chunk if there are lines in it.
func (p *Pump) read(s *stream) {
	buf := p.work.in[MaxLine:]
	n, err := unix.Read(s.fd, buf)
	for errors.Is(err, unix.EINTR) {
		n, err = unix.Read(s.fd, buf)
	}
	switch {
	case n > 0:
		s.total += int64(n)
		s.empty = false
		// Queue it again until it is found empty: while a writer is busy, an empty read
		// costs less than being woken by the poller.
		p.queued(s)
		p.load(s, n)
	case errors.Is(err, unix.EAGAIN):
		s.empty = true
		p.emptied = append(p.emptied, s)
	default: // the last writer has closed it
		s.close()
		p.loadRest(s)
	}
}

// load makes a chunk of the n bytes that were read and of what s has kept. If they do not
// contain the end of a line yet, s keeps them, too.
func (p *Pump) load(s *stream, n int) {
	in := p.work.in
	fresh := in[MaxLine : MaxLine+n]
	end := bytes.LastIndexByte(fresh, '\n')
	if end < 0 && len(s.rest)+n <= MaxLine {
		s.keep(p.work, fresh)
		return
	}
	start := MaxLine - len(s.rest)
	copy(in[start:], s.rest)
	s.drop(p.work)
	data := in[start : MaxLine+n]
	now := time.Now()
	if end >= 0 {
		s.remember(in[start:MaxLine+end+1], now)
	} else {
		s.remember(data, now)
	}
	p.begin(chunk{stream: s, data: data}, now)
}

// loadRest makes a chunk of what s has kept: a line without a newline.
func (p *Pump) loadRest(s *stream) {
	if len(s.rest) == 0 {
		return
	}
	n := copy(p.work.in, s.rest)
	s.drop(p.work)
	now := time.Now()
	s.remember(p.work.in[:n], now)
	s.historyCut = false
	p.begin(chunk{stream: s, data: p.work.in[:n], final: true}, now)
}

func (p *Pump) begin(c chunk, now time.Time) {
	if p.layout.format == JSON {
		p.work.stamp = appendStamp(p.work.stamp[:0], now)
	}
	p.chunk = c
}

// emit passes the chunk on to its outlet, line by line, and reports whether the outlet took
// all of it. If not, the rest stays in the chunk.
func (p *Pump) emit() bool {
	c := &p.chunk
	if c.stream == nil {
		return true
	}
	o := p.to(c.stream)
	for len(c.data) > 0 {
		if p.layout.verbatim() {
			if block := wholeLines(c.data); len(block) > 0 {
				c.data = c.data[len(block):]
				if !p.handed(o.add(block)) {
					return false
				}
				continue
			}
		}
		line, n, m := cut(c.data)
		if m == none {
			if !c.final {
				break
			}
			line, n, m = c.data, len(c.data), partial
		}
		c.data = c.data[n:]
		o.buf = p.layout.appendLine(o.buf, c.stream, line, m, p.work.stamp)
		if len(o.buf) >= flushSize && !p.handed(o.flush()) {
			return false
		}
	}
	c.stream.keep(p.work, c.data)
	*c = chunk{}
	p.handed(true)
	return true
}

// handed records what stays in the chunk if the outlet is stuck.
func (p *Pump) handed(ok bool) bool {
	if ok {
		p.pending.Store(0)
		p.pendingLines.Store(0)
		return true
	}
	p.pending.Store(int64(len(p.chunk.data)))
	p.pendingLines.Store(int64(bytes.Count(p.chunk.data, newline)))
	return false
}

// wholeLines returns the whole lines at the start of data, if the first is not too long for
// one piece. The others cannot be: no more than readSize bytes were read with them.
func wholeLines(data []byte) []byte {
	if bytes.IndexByte(data[:min(len(data), MaxLine+1)], '\n') < 0 {
		return nil
	}
	return data[:1+bytes.LastIndexByte(data, '\n')]
}
