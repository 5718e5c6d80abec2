package logs

import (
	"bytes"
	"errors"
	"time"

	"golang.org/x/sys/unix"

	"supervise/internal/sys"
)

// readSize is how much of one stream is read in one round, in bytes: of a large pipe half, so
// that its writer has the other half while this one is passed on.
const readSize = 256 << 10

// read reads once from s, and passes its lines on.
func (p *Pump) read(s *stream) {
	buf := p.work.in[MaxLine:]
	n, err := sys.ReadNow(s.fd, buf)
	for errors.Is(err, unix.EINTR) {
		n, err = sys.ReadNow(s.fd, buf)
	}
	switch {
	case n > 0:
		s.total += int64(n)
		s.pace.size += int32(n)
		s.empty = false
		if !p.pause(s) {
			p.queued(s)
		}
		p.load(s, n)
	case errors.Is(err, unix.EAGAIN):
		s.empty = true
		if !p.pause(s) {
			p.queued(s)
		}
	default: // the last writer has closed it
		s.close()
		p.loadRest(s)
	}
}

// pause has s be watched or rest. It returns false if it is to be read again soon instead: while
// a writer is busy, that costs less than being woken by the poller.
func (p *Pump) pause(s *stream) bool {
	p.mu.Lock()
	drains := s.source.drains > 0
	p.mu.Unlock()
	nap, again := time.Duration(0), !s.empty
	if !drains {
		nap, again = s.pause(p.logs.poll.rests.now(), p.logs.mayNap(), p.logs.mayGoOn())
	}
	if s.pace.room > 0 && (again || s.pace.rests) {
		s.unwatch()
	}
	if again {
		p.naps = min(p.naps, nap)
		return false
	}
	p.emptied = append(p.emptied, s)
	return true
}

// load passes on what s has kept and the n bytes that were read. If they do not contain the
// end of a line yet, s keeps them, too.
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
	if end >= 0 && n-end-1 <= MaxLine {
		s.remember(in[start:MaxLine+end+1], now)
	} else {
		s.remember(data, now)
	}
	p.pass(s, data, false, now)
}

// loadRest passes on what s has kept: a line without a newline.
func (p *Pump) loadRest(s *stream) {
	if len(s.rest) > 0 {
		n := copy(p.work.in, s.rest)
		s.drop(p.work)
		now := time.Now()
		s.remember(p.work.in[:n], now)
		p.pass(s, p.work.in[:n], true, now)
	}
	s.historyCut = false
	p.to(s).release(s)
}

// pass passes lines on to the outlet of s, which keeps what it cannot write now. s keeps the
// start of a line; there is none if data is final, as nothing follows.
func (p *Pump) pass(s *stream, data []byte, final bool, now time.Time) {
	o := p.to(s)
	if s.source.drops.Load() {
		if data = p.spare(s, o, data, final); len(data) == 0 {
			return
		}
	}
	if p.layout.verbatim() {
		s.keep(p.work, data[o.raw(s, data, final):])
		return
	}
	o.finishLine()
	if p.layout.format == JSON {
		p.work.stamp = appendStamp(p.work.stamp[:0], now)
	}
	for len(data) > 0 {
		line, n, m := cut(data)
		if m == none {
			if !final {
				break
			}
			line, n, m = data, len(data), partial
		}
		data = data[n:]
		o.buf = p.layout.appendLine(o.buf, s, line, m, p.work.stamp)
		if len(o.buf) >= flushSize {
			o.flush()
		}
	}
	s.keep(p.work, data)
}
