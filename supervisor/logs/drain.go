package logs

import (
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Drained is the result of [Source.Drain].
type Drained struct {
	Tail []string // see [Source.Tail]
	// Complete is false if the destination was stuck for so long that not everything could be
	// read. The rest is read later, and nothing is lost unless [Logs.Close] gives up.
	Complete bool
}

// request asks a pump to read what is in a source's pipes now.
type request struct {
	source *Source
	done   func(Drained) // nil if nobody waits
	shut   bool          // close the pipes afterwards
	timer  *time.Timer
	fired  atomic.Bool

	target    [2]int64 // stream.total at which everything is read
	completed bool     // the last lines are completed
}

// Drain is called when a process has exited. The pump reads everything that is in the pipes
// now, completes a last line without a newline, writes it all, and then calls done. Other
// processes that hold the pipes delay nothing: reading goes on until they close them, too.
//
// done is called exactly once, on another goroutine, and must not wait for anything. If the
// destination is stuck, it is called after grace with what was read until then.
func (s *Source) Drain(grace time.Duration, done func(Drained)) {
	r := &request{source: s, done: done}
	r.timer = time.AfterFunc(grace, func() { r.tell(false) })
	s.ask(r)
}

// Close reads what is in the pipes now, writes it and closes them. Processes that still write
// get EPIPE from then on. It returns at once.
func (s *Source) Close() {
	s.ask(&request{source: s, shut: true})
}

func (s *Source) ask(r *request) {
	for !s.pump.Load().ask(r) {
	}
}

// ask hands r to the pump. A pump that has ended has nothing left to read. It returns false
// if the source has moved to another pump.
func (p *Pump) ask(r *request) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.source.pump.Load() != p {
		return false
	}
	if p.state == ended {
		go r.fire(!p.abandoned)
		return true
	}
	p.request(r)
	if !p.holds() {
		p.wakeLocked()
	}
	return true
}

// request records r, under the lock. Its source stays with the pump until it is answered.
func (p *Pump) request(r *request) {
	s := r.source
	if s.drains == 0 {
		p.services[s.service].undrained++
	}
	s.drains++
	p.requests = append(p.requests, r)
}

// setTarget finds out how far the streams must be read, and queues them.
func (r *request) setTarget() {
	for i := range r.source.streams {
		s := &r.source.streams[i]
		if s.fd < 0 {
			continue
		}
		// FIONREAD by its other name: the bytes that are in the pipe. pipe(7).
		n, err := unix.IoctlGetInt(s.fd, unix.TIOCINQ)
		r.target[i] = s.total + int64(n)
		s.empty = n == 0
		if err == nil && n > 0 {
			s.ready()
		}
	}
}

// targetReached reports whether both streams were read as far as they must. A pipe that is
// empty before that was read by another process, too, as one can that opens /dev/stdout.
func (r *request) targetReached() bool {
	for i := range r.source.streams {
		if s := &r.source.streams[i]; s.fd >= 0 && s.total < r.target[i] && !s.empty {
			return false
		}
	}
	return true
}

// complete passes on the last line of drained streams if it has no newline, unless another
// process has gone on writing it.
func (p *Pump) complete() {
	for _, r := range p.drains {
		if r.completed || !r.targetReached() || p.stuck() && !r.source.drops.Load() {
			continue
		}
		for i := range r.source.streams {
			s := &r.source.streams[i]
			if s.fd < 0 || s.total > r.target[i] {
				continue
			}
			p.loadRest(s)
		}
		r.completed = true
	}
}

// stuck reports whether an outlet has taken nothing in this round.
func (p *Pump) stuck() bool {
	for _, o := range p.outs {
		if o.stuck {
			return true
		}
	}
	return false
}

// answer calls back whoever waits for what is now read and written.
func (p *Pump) answer() {
	left, stuck := p.drains[:0], p.stuck()
	for _, r := range p.drains {
		if !r.completed || stuck && !r.source.drops.Load() {
			left = append(left, r)
			continue
		}
		if r.shut {
			for i := range r.source.streams {
				s := &r.source.streams[i]
				p.to(s).release(s)
				s.close()
			}
		}
		p.answered(r.source)
		r.fire(true)
	}
	clear(p.drains[len(left):])
	p.drains = left
}

// answered records that a request of s was answered.
func (p *Pump) answered(s *Source) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.drains--
	if s.drains == 0 {
		p.services[s.service].undrained--
	}
}

// fire calls back, unless the timer has.
func (r *request) fire(complete bool) {
	if r.timer != nil {
		r.timer.Stop()
	}
	r.tell(complete)
}

func (r *request) tell(complete bool) {
	if r.done != nil && !r.fired.Swap(true) {
		r.done(Drained{Tail: r.source.Tail(), Complete: complete})
	}
}
