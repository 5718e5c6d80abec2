package logs

import (
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
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
	logs    *Logs
	name    string
	key     string   // of files: their paths
	paths   []string // of files
	watches []int32  // of their directories; under the watcher's lock
	outs    []*outlet

	// mu is held for a few instructions at a time, never while reading, writing or calling
	// back.
	mu         sync.Mutex
	state      state
	again      bool  // something was requested since the round began
	ready      queue // streams that may have something to read
	sources    map[*Source]struct{}
	requests   []*request        // not yet seen by the goroutine
	moves      map[*Source]*Pump // the same: where sources are to go
	moved      bool              // Reopen was called
	reopened   []func(error)     // who has called it and waits
	touched    bool              // a file may have been moved
	rewatch    bool              // a directory, too
	config     *Config           // of Configure
	configured Config            // how it was asked last to be
	closing    bool
	retired    bool // closing when nothing is left to read
	abandoned  bool // stop waiting: give up everything
	newLayout  layout
	services   map[string]*service
	ownLines   []byte    // of the supervisor
	held       time.Time // since when they are held; zero: they are not
	users      int       // of a file

	finished  chan struct{}
	ownLost   atomic.Uint64 // calls of Write that found no room
	unwatched atomic.Bool   // nobody tells when a file is moved

	// The rest belongs to the pump's goroutine, of which there is one or none.
	layout       layout
	work         *work
	aside        queue         // streams that are not to be read in this round
	emptied      []*stream     // read to the end; the poller must watch them again, or let them rest
	naps         time.Duration // before the next round, if less than firstRest
	drains       []*request
	losses       losses
	looking      looking
	lostReported uint64 // of ownLost
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
	if p.state == idle || p.state == parked && s.source.drops.Load() {
		p.state = running
		p.logs.poll.turn(p)
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
	p.logs.running.Add(1)
	defer p.logs.running.Add(-1)
	for p.nap(); p.round(); p.nap() {
	}
}

// mayNap reports whether so few pumps are busy that one of them may sleep: each that does needs
// a thread, and as long as others work, enough gathers anyway.
func (l *Logs) mayNap() bool { return l.running.Load() <= 2 }

// mayGoOn reports whether few enough pumps are busy that one more may have a goroutine of its own
// for as long as its streams are full. The others take turns.
func (l *Logs) mayGoOn() bool { return l.running.Load() <= 4 }

// nap lets what is written quickly gather, so that its writer and this goroutine do not wake
// each other for every line. The runtime's own timers are not that fine.
func (p *Pump) nap() {
	if p.naps > 0 && p.naps < firstRest {
		left := unix.NsecToTimespec(p.naps.Nanoseconds())
		_ = unix.Nanosleep(&left, nil)
	}
}

// round reads each ready stream once, writes what came, and reports whether there is more to
// do. A stream that has more is queued again.
func (p *Pump) round() bool {
	n, proceed := p.take()
	if !proceed {
		return false
	}
	p.move()
	p.flush()
	p.naps = firstRest
	for ; n > 0; n-- {
		s := p.next()
		if s == nil {
			break
		}
		p.read(s)
	}
	p.complete()
	p.addOwn()
	ok := p.flush()
	p.losses.report(p, !ok)
	p.answer()
	p.watch()
	if !ok {
		return p.park()
	}
	return p.idleOrContinue()
}

// take takes requests and configuration over. It returns how many streams are ready, and
// false if the pump was given up.
func (p *Pump) take() (n int, proceed bool) {
	p.mu.Lock()
	p.again = false
	p.layout = p.newLayout
	moved, touched, closing, abandoned, requests, config, reopened := p.moved, p.touched, p.closing, p.abandoned, p.requests, p.config, p.reopened
	p.looking.rewatch = p.looking.rewatch || p.rewatch
	p.moved, p.touched, p.rewatch, p.requests, p.config, p.reopened = false, false, false, nil, nil, nil
	p.mu.Unlock()

	for _, o := range p.outs {
		o.stuck = false
		f, ok := o.dst.(*file)
		if !ok {
			continue
		}
		if config != nil {
			f.configure(*config)
			p.logs.tend(f)
		}
		if closing && f.removed { // there is no time to wait for another
			f.removed, f.suspect = false, true
		}
	}
	p.drains = append(p.drains, requests...)
	switch {
	case abandoned:
		p.giveUp()
		return 0, false
	case moved:
		p.reopen(reopened)
	case touched, p.unwatched.Load() && time.Since(p.looking.last) >= lookEvery:
		p.look()
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
	p.ready.append(&p.aside)
	return p.ready.n, true
}

// next returns the next stream to read. There is none while a source is to move, or a file to
// be opened anew or written otherwise: that comes first, in the next round.
func (p *Pump) next() *stream {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.moves) > 0 || p.moved || p.config != nil {
		return nil
	}
	for {
		s := p.ready.pop()
		switch {
		case s == nil:
			return nil
		case s.fd < 0:
		case p.to(s).takes(s):
			return s
		default:
			p.aside.push(s)
		}
	}
}

// flush reports whether every outlet has written what it has.
func (p *Pump) flush() bool {
	ok := true
	for _, o := range p.outs {
		ok = o.flush() && ok
	}
	return ok
}

// takes reports whether what s has to say can be taken now.
func (o *outlet) takes(s *stream) bool {
	return (!o.stuck || s.source.drops.Load()) && !o.line.excludes(s)
}

// watch makes the poller watch the emptied streams, or end their rests. That comes last in a
// round, so that what arrives meanwhile is read at once.
func (p *Pump) watch() {
	for i, s := range p.emptied {
		switch {
		case s.fd < 0:
		case s.pace.rests:
			p.logs.poll.rests.add(s)
		default:
			s.rewatch()
		}
		p.emptied[i] = nil
	}
	p.emptied = p.emptied[:0]
}

// idleOrContinue releases the buffers and ends the goroutine if nothing is left to do.
func (p *Pump) idleOrContinue() bool {
	p.releaseBuffers()

	p.mu.Lock()
	if p.aside.n > 0 && !p.waits() {
		p.ready.append(&p.aside)
	}
	if p.ready.n > 0 || p.again {
		p.mu.Unlock()
		return true
	}
	if (p.closing || p.retired && len(p.moves) == 0) && len(p.sources) == 0 {
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
	for _, o := range p.outs {
		o.count()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.again || p.ready.any(func(s *stream) bool { return s.source.drops.Load() }) {
		return true
	}
	p.ready.append(&p.aside)
	p.state = parked
	return false
}

// waits reports whether a line is unfinished for whose end other streams wait.
func (p *Pump) waits() bool {
	for _, o := range p.outs {
		if o.line.stream != nil {
			return true
		}
	}
	return false
}

// giveUp drops what could not be written.
func (p *Pump) giveUp() {
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
	p.losses.tell(p, false)
	if p.looking.timer != nil {
		p.looking.timer.Stop()
	}
	p.logs.unwatchFiles(p)
	for _, o := range p.outs {
		o.line.end()
		o.close()
		if f, ok := o.dst.(*file); ok {
			p.logs.archiver.leave(f)
		}
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

// Configure changes how a log file is written, from the next lines on, but not its paths.
func (p *Pump) Configure(c Config) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.configured == c {
		return
	}
	p.newLayout.format, p.config, p.configured = c.Format, &c, c
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

// Retire is Close for a pump that is to read on until the pipes of its sources are closed by
// those who write, or the sources have moved away.
func (p *Pump) Retire() {
	if p.logs.leave(p) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.retired = true
		p.wakeLocked()
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
