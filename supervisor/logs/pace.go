package logs

import (
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"supervise/internal/sys"
)

// How long a stream rests after it was read: what is written meanwhile is read together, as
// network cards collect packets before they interrupt. A stream that is written to more rarely
// than every rare never rests, so that a line after a pause is passed on at once. The first rest
// of a stream lasts firstRest. The next is twice as long, up to lastRest, if less than a quarter
// of what the pipe can hold has come in it, and half as long if it is half full. Rests shorter
// than the first, down to shortest, are naps of the pump's goroutine.
const (
	rare      = 5 * time.Millisecond
	shortest  = 50 * time.Microsecond
	firstRest = time.Millisecond
	lastRest  = 12 * time.Millisecond
)

// restGrid is what the ends of the longest rests are aligned to, so that many streams are read
// together.
const restGrid = 4 * time.Millisecond

// The capacity of a pipe, in bytes: at first, and once its stream has filled it. pipe(7).
const (
	pipeSize  = 64 << 10
	largePipe = 256 << 10
)

// pace is how a stream is read. It belongs to the pump's goroutine.
type pace struct {
	last  time.Duration // when something was read, by the poller's clock
	rest  time.Duration // the present one, or the next; 0: none
	rests bool          // it is not watched, but read when its rest is over
	size  int32         // bytes read since then
	room  int32         // capacity of the pipe; 0: pipeSize
	eager bool          // it was read again at once, when its writer had hardly begun
}

// pause decides what follows when a stream was read to its end, or in vain: it is to be read
// again after a nap of the pump, of no length if it is busy, or it rests, or is to be watched.
func (s *stream) pause(now time.Duration, mayNap bool) (nap time.Duration, again bool) {
	p := &s.pace
	size, room, gap := p.size, max(p.room, pipeSize), now-p.last
	eager := p.eager
	p.eager = false
	woken := !p.rests && (p.rest == 0 || p.rest >= firstRest) // by the poller
	p.size = 0
	if size == 0 {
		p.rests = false
		p.rest = max(p.rest, firstRest)
		return 0, false
	}
	p.last = now
	switch {
	case size >= room/2:
		if p.room == 0 { // full: each page of a pipe holds whole lines, if they are short
			s.enlarge()
		}
		p.rest = max(p.rest/2, shortest)
	case woken && gap > rare:
		p.rest = 0
	case p.rest == 0:
		p.rest = firstRest
	case size < room/4 && !eager:
		p.rest = min(2*p.rest, lastRest)
	}
	if p.rest > 0 && !mayNap {
		p.rest = max(p.rest, firstRest)
	}
	p.rests = p.rest >= firstRest
	switch {
	case p.rest == 0 || p.rests:
		return 0, false
	case size >= room/2:
		p.eager = true
		return 0, true
	}
	return p.rest, true
}

// enlarge makes the pipe larger, so that its writer need not wait as often. A plain user may
// not have many such; who is refused is not asked again.
func (s *stream) enlarge() {
	s.pace.room = pipeSize
	if n, err := unix.FcntlInt(uintptr(s.fd), unix.F_SETPIPE_SZ, largePipe); err == nil {
		s.pace.room = int32(n)
	}
}

// resting are the streams that rest. One timer, which runs only as long as there are any, ends
// the rests of all.
type resting struct {
	start time.Time

	mu      sync.Mutex
	fd      int // a timerfd
	streams []*stream
	due     []*stream     // of the poller's goroutine
	alarm   time.Duration // when the timer expires; 0: never
}

func newResting(poll *poller) (*resting, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, err
	}
	r := &resting{fd: sys.DupHigh(fd), start: time.Now()}
	// Setting it anew clears what it has to say, so it need not be read: hence only changes.
	if _, err = poll.add(r.fd, unix.EPOLLIN|unix.EPOLLET, r); err != nil {
		r.close()
	}
	return r, err
}

func (r *resting) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	unix.Close(r.fd)
	r.fd = -1 // a pump that hangs may still come
}

// now is the clock of rests.
func (r *resting) now() time.Duration { return time.Since(r.start) }

// add has s be read after its rest.
func (r *resting) add(s *stream) {
	now := r.now()
	due := now + s.pace.rest
	if s.pace.rest == lastRest {
		due -= due % restGrid
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.due == 0 {
		s.due = due
		r.streams = append(r.streams, s)
		r.set(now, due)
	}
}

// set has the timer expire at due if that is earlier. The lock must be held.
func (r *resting) set(now, due time.Duration) {
	if r.alarm != 0 && r.alarm <= due {
		return
	}
	r.alarm = due
	wait := unix.NsecToTimespec(max(1, int64(due-now)))
	_ = unix.TimerfdSettime(r.fd, 0, &unix.ItimerSpec{Value: wait}, nil)
}

// ready is called by the poller when the first of the rests is over.
func (r *resting) ready() {
	now := r.now()
	r.mu.Lock()
	left := r.streams[:0]
	r.alarm = 0
	for _, s := range r.streams {
		if s.due <= now {
			s.due = 0
			r.due = append(r.due, s)
			continue
		}
		left = append(left, s)
		r.set(now, s.due)
	}
	clear(r.streams[len(left):])
	r.streams = left
	r.mu.Unlock()
	for i, s := range r.due {
		s.ready()
		r.due[i] = nil
	}
	r.due = r.due[:0]
}
