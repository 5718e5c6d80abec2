package logs

import (
	"bytes"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"supervise/internal/text/escape"

	"supervise/internal/sys"
)

// Source is the output of one generation of a service: the reading ends of the pipes that are
// its standard output and error.
type Source struct {
	pump       atomic.Pointer[Pump] // changed under the locks of both pumps
	service    string
	quoted     []byte // service as JSON
	history    *history
	generation uint32 // its number in the history
	color      uint8
	drops      atomic.Bool // its lines are dropped rather than waited for
	streams    [2]stream
	open       int // number of open streams; under the pump's lock
	drains     int // number of requests that are not answered; under the pump's lock
}

// stream is one pipe of a source.
type stream struct {
	source *Source
	watch  watch
	next   *stream // in the pump's queue
	rest   []byte  // the start of a line, at most MaxLine bytes
	total  int64   // bytes read
	fd     int     // -1 when closed, which happens under the pump's lock
	second bool    // standard error
	pace   pace
	due    time.Duration // when the rest is over; 0: it is not resting; under the lock of resting

	waiting    bool // queued; under the pump's lock
	empty      bool // it had nothing in it when last looked at
	midLine    bool // the last line written is to be continued
	historyCut bool // the history skips what follows, up to the end of the line
	endless    bool // the present line has been waited for in vain
	cutOff     bool // the beginning of the present line was dropped: the rest will be
}

func (s *stream) name() string { return streamName(s.second) }

func streamName(second bool) string {
	if second {
		return "stderr"
	}
	return "stdout"
}

// Ends are the writing ends of a source's pipes. They are blocking, as programs expect of
// their standard output, and close-on-exec: whoever starts the process duplicates them onto 1
// and 2, and then calls Close, whether the start succeeded or not.
//
// The pipes belong to the supervisor's user. For a process of another user that opens
// /dev/stdout or /proc/self/fd/1, call fchown(2) on the ends first.
type Ends struct {
	Stdout, Stderr int
}

// Close closes both ends.
func (e Ends) Close() {
	sys.Close(e.Stdout)
	sys.Close(e.Stderr)
}

// maxUndrained is how many ended generations of a service may wait to be drained.
const maxUndrained = 16

// Attach makes the pipes for a new generation of a service and reads them from now on, until
// all their writers have closed them. It takes ten system calls, none of which waits.
//
// It fails if there are no descriptors left, and if the destination has been stuck for so
// long that sixteen generations of the service have ended without being drained: a service
// that exits right after its start would use up all descriptors.
func (p *Pump) Attach(service string) (*Source, Ends, error) {
	s := &Source{service: service, quoted: escape.AppendJSONText(nil, service), history: p.logs.history(service)}
	s.pump.Store(p)
	s.generation = s.history.next()
	var ends [2]int
	for i := range s.streams {
		var fds [2]int
		err := unix.Pipe2(fds[:], unix.O_CLOEXEC)
		if err == nil {
			err = sys.SetNonblock(fds[0])
		}
		if err != nil {
			for j := range i {
				sys.Close(ends[j])
				sys.Close(s.streams[j].fd)
			}
			return nil, Ends{}, attachError(service, os.NewSyscallError("pipe2", err))
		}
		s.streams[i] = stream{source: s, fd: sys.DupHigh(fds[0]), second: i == 1}
		ends[i] = fds[1]
	}
	e := Ends{Stdout: ends[0], Stderr: ends[1]}
	if err := p.adopt(s); err != nil {
		e.Close()
		return nil, Ends{}, attachError(service, err)
	}
	return s, e, nil
}

func attachError(service string, err error) error {
	return fmt.Errorf("cannot read the output of service %q: %w", service, err)
}

func (p *Pump) adopt(s *Source) error {
	var err error
	for i := range s.streams {
		if st := &s.streams[i]; err == nil {
			st.watch, err = p.logs.poll.add(st.fd, readable, st)
		}
	}
	p.mu.Lock()
	known := p.known(s.service)
	switch {
	case p.closing:
		err = fmt.Errorf("%s: %w", p.name, os.ErrClosed)
	case known.undrained >= maxUndrained:
		err = fmt.Errorf("%s takes nothing, and the output of %d generations waits for it", p.name, known.undrained)
	}
	if err == nil {
		s.color = known.color
		p.newLayout.width = max(p.newLayout.width, len(s.service))
		p.sources[s] = struct{}{}
		s.open = len(s.streams)
	}
	p.mu.Unlock()
	if err != nil {
		for i := range s.streams {
			s.streams[i].close()
		}
	}
	return err
}

// known returns what the pump knows of a service, under the lock.
func (p *Pump) known(name string) *service {
	known := p.services[name]
	if known == nil {
		known = &service{color: uint8(len(p.services) % len(palette))}
		p.services[name] = known
	}
	return known
}

// ready is called by the poller when there is something to read.
func (s *stream) ready() {
	for !s.source.pump.Load().queued(s) {
	}
}

// close closes the pipe. Remaining writers get EPIPE from now on.
func (s *stream) close() {
	p := s.source.pump.Load()
	p.logs.poll.remove(s.watch)
	s.watch = watch{}
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.fd < 0 {
		return
	}
	unix.Close(s.fd)
	s.fd = -1
	s.source.open--
	if s.source.open == 0 {
		delete(p.sources, s.source)
	}
}

// remember adds what was read to the history: lines, or a part of one that is too long to
// wait for its newline.
func (s *stream) remember(data []byte, now time.Time) {
	if s.historyCut {
		end := bytes.IndexByte(data, '\n')
		if end < 0 {
			return
		}
		data = data[end+1:]
	}
	s.historyCut = len(data) > 0 && data[len(data)-1] != '\n'
	s.source.history.add(data, origin{time: now.UnixNano(), generation: s.source.generation, second: s.second})
}

// queue is a list of streams, each at most once.
type queue struct {
	head, tail *stream
	n          int
}

func (q *queue) push(s *stream) {
	s.waiting = true
	if q.head == nil {
		q.head = s
	} else {
		q.tail.next = s
	}
	q.tail = s
	q.n++
}

// append moves the streams of another queue to the end of this one.
func (q *queue) append(other *queue) {
	for s := other.pop(); s != nil; s = other.pop() {
		q.push(s)
	}
}

// any reports whether f is true of a stream.
func (q *queue) any(f func(*stream) bool) bool {
	for s := q.head; s != nil; s = s.next {
		if f(s) {
			return true
		}
	}
	return false
}

// drop removes the streams of a source.
func (q *queue) drop(source *Source) {
	all := *q
	*q = queue{}
	for s := all.pop(); s != nil; s = all.pop() {
		if s.source != source {
			q.push(s)
		}
	}
}

func (q *queue) pop() *stream {
	s := q.head
	if s == nil {
		return nil
	}
	q.head, s.next, s.waiting = s.next, nil, false
	q.n--
	return s
}
