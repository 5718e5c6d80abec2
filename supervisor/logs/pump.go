package logs

import (
	"sync"
	"sync/atomic"
)

// state is what a pump is doing.
type state uint8

const (
	idle    state = iota // nothing to do: no goroutine
	running              // its goroutine works
	parked               // the destination takes nothing at present: no goroutine
	ended                // closed, and everything released
)

// Pump reads the pipes of any number of sources and writes their lines to one destination:
// the console or a log file. [Logs.Console] and [Logs.File] return one. Its methods may be
// called from any goroutine and return at once.
type Pump struct {
	logs *Logs
	name string
	path string // of a file
	outs []*outlet

	// mu is held for a few instructions at a time, never while reading, writing or calling
	// back.
	mu        sync.Mutex
	state     state
	again     bool  // something was requested since the round began
	ready     queue // streams that may have something to read
	sources   map[*Source]struct{}
	requests  []*request        // not yet seen by the goroutine
	moves     map[*Source]*Pump // the same: where sources are to go
	moved     bool              // Reopen was called
	rotation  *Rotation         // of Configure
	closing   bool
	abandoned bool // stop waiting: give up everything
	newLayout layout
	services  map[string]*service
	ownLines  []byte // of the supervisor
	users     int    // of a file

	finished chan struct{}
	ownLost  atomic.Uint64 // calls of Write that found no room

	// What is in the chunk, for a report while the goroutine is stuck.
	pending, pendingLines atomic.Int64

	// The rest belongs to the pump's goroutine, of which there is one or none.
	layout       layout
	work         *work
	chunk        chunk
	emptied      []*stream // read to the end; the poller must watch them again
	drains       []*request
	lostReported uint64 // of ownLost
}

// chunk is what was read from a stream and is not yet written.
type chunk struct {
	stream *stream
	data   []byte // in work.in
	final  bool   // nothing follows: complete the last line
}

// service is what the generations of a service share, under the pump's lock.
type service struct {
	color     uint8 // by the order in which services came
	undrained int   // generations whose drain has not ended
}

func newPump(l *Logs, name string, newLayout layout) *Pump {
	return &Pump{
		logs: l, name: name, newLayout: newLayout,
		sources: map[*Source]struct{}{}, services: map[string]*service{}, finished: make(chan struct{}),
	}
}

func (p *Pump) outlet(name string, d destination) {
	p.outs = append(p.outs, &outlet{pump: p, name: name, dst: d})
}

// queued queues s, on the poller's goroutine or the pump's own. It returns false if s has
// moved to another pump.
func (p *Pump) queued(s *stream) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.source.pump.Load() != p {
		return false
	}
	if s.fd < 0 || s.waiting {
		return true
	}
	p.ready.push(s)
	if p.state == idle {
		p.start()
	}
	return true
}

// wake makes the pump handle requests and retry what it could not write.
func (p *Pump) wake() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wakeLocked()
}

// wakeLocked is wake with the lock held.
func (p *Pump) wakeLocked() {
	p.again = true
	if p.state == idle || p.state == parked {
		p.start()
	}
}

func (p *Pump) start() {
	p.state = running
	go p.run()
}

func (p *Pump) run() {
	for p.round() {
	}
}

// round reads each ready stream once, writes what came, and reports whether there is more to
// do. A stream that has more is queued again.
func (p *Pump) round() bool {
	n, proceed := p.take()
	if !proceed {
		return false
	}
	if !p.flush() || !p.emit() {
		return p.park()
	}
	p.move()
	for ; n > 0; n-- {
		s := p.next()
		if s == nil {
			break
		}
		p.read(s)
		if !p.emit() {
			return p.park()
		}
	}
	if !p.complete() || !p.addOwn() || !p.flush() {
		return p.park()
	}
	p.answer()
	p.watch()
	return p.idleOrContinue()
}

// take takes requests and configuration over. It returns how many streams are ready, and
// false if the pump was given up.
func (p *Pump) take() (n int, proceed bool) {
	p.mu.Lock()
	p.again = false
	format := p.layout.format
	p.layout = p.newLayout
	if p.chunk.stream != nil {
		p.layout.format = format // its time was taken for this format
	}
	moved, abandoned, requests, rotation := p.moved, p.abandoned, p.requests, p.rotation
	p.moved, p.requests, p.rotation = false, nil, nil
	p.mu.Unlock()

	for _, o := range p.outs {
		o.stuck = false
		if f, ok := o.dst.(*file); ok && rotation != nil {
			f.Rotation, f.retrySize = *rotation, 0
		}
	}
	p.drains = append(p.drains, requests...)
	if abandoned {
		p.giveUp()
		return 0, false
	}
	if moved {
		for _, o := range p.outs {
			o.reopen()
		}
	}
	if p.work == nil {
		p.work = p.logs.borrow()
		for i, o := range p.outs {
			o.buf = p.work.out[i]
		}
	}
	for _, r := range requests {
		r.setTarget()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ready.n, true
}

// next returns the next stream to read. There is none while a source is to move: that comes
// first, in the next round.
func (p *Pump) next() *stream {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.moves) > 0 {
		return nil
	}
	for {
		s := p.ready.pop()
		if s == nil || s.fd >= 0 {
			return s
		}
	}
}

func (p *Pump) flush() bool {
	ok := true
	for _, o := range p.outs {
		ok = o.flush() && ok
	}
	return ok
}

// watch makes the poller watch the emptied streams. That comes last in a round, so that what
// arrives meanwhile is read at once.
func (p *Pump) watch() {
	for i, s := range p.emptied {
		if s.fd >= 0 {
			// It can only fail if the poller is closed.
			_ = p.logs.poll.arm(s.watch, readable)
		}
		p.emptied[i] = nil
	}
	p.emptied = p.emptied[:0]
}

// idleOrContinue releases the buffers and ends the goroutine if nothing is left to do.
func (p *Pump) idleOrContinue() bool {
	p.releaseBuffers()

	p.mu.Lock()
	if p.ready.n > 0 || p.again {
		p.mu.Unlock()
		return true
	}
	if p.closing && len(p.sources) == 0 {
		p.state = ended
		p.mu.Unlock()
		p.finish()
		return false
	}
	p.state = idle
	p.mu.Unlock()
	return false
}

// releaseBuffers gives the buffers back.
func (p *Pump) releaseBuffers() {
	if p.work == nil {
		return
	}
	for _, o := range p.outs {
		o.buf, o.off = nil, 0
	}
	p.logs.giveBack(p.work)
	p.work = nil
}

// park ends the goroutine until the destination takes lines again. It keeps the buffers with
// what could not be written.
func (p *Pump) park() bool {
	// An outlet is stuck, but there may be a second one.
	if p.flush() {
		return true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.again {
		return true
	}
	p.state = parked
	return false
}

// giveUp drops what could not be written.
func (p *Pump) giveUp() {
	if c := p.chunk; c.stream != nil {
		p.to(c.stream).lose(c.data)
		p.chunk = chunk{}
		p.handed(true)
	}
	p.mu.Lock()
	p.state = ended
	own := p.ownLines
	p.drains, p.ownLines, p.requests = append(p.drains, p.requests...), nil, nil
	sources := make([]*Source, 0, len(p.sources))
	for s := range p.sources {
		sources = append(sources, s)
	}
	p.mu.Unlock()
	p.outs[len(p.outs)-1].lose(own)
	for _, s := range sources {
		for i := range s.streams {
			s.streams[i].close()
		}
	}
	p.finish()
}

// finish releases everything that the pump holds.
func (p *Pump) finish() {
	for _, r := range p.drains {
		r.fire(false)
	}
	p.drains, p.emptied = nil, nil
	for _, o := range p.outs {
		o.close()
	}
	p.releaseBuffers()
	p.logs.remove(p)
	close(p.finished)
}

// to returns the outlet for the lines of s.
func (p *Pump) to(s *stream) *outlet {
	if s.second {
		return p.outs[len(p.outs)-1]
	}
	return p.outs[0]
}

// Configure changes format and rotation of a log file, from the next lines on.
func (p *Pump) Configure(format Format, r Rotation) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.newLayout.format, p.rotation = format, &r
}

// Reopen reopens a log file that was moved or removed, as logrotate does, and retries a
// failed destination at once. Nothing is lost or torn. A failure is reported as [Trouble],
// and the open file stays in use. It has no effect on the console.
func (p *Pump) Reopen() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.moved = true
	p.wakeLocked()
}

// Close reads what is in the pipes of all sources, writes it, and closes the destination,
// later on the pump's own goroutine: it returns at once. A file that [Logs.File] has returned
// several times is closed by the last Close. [Logs.Close] waits for the end.
func (p *Pump) Close() {
	if p.logs.leave(p) {
		p.shut()
	}
}

func (p *Pump) shut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closing {
		return
	}
	p.closing = true
	for s := range p.sources {
		p.request(&request{source: s, shut: true})
	}
	p.wakeLocked()
}
