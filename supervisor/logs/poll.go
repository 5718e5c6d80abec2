package logs

import (
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"supervise/internal/epoll"
)

// readable and writable are one-shot: after an event the kernel ignores the descriptor until
// [poller.arm] asks again. So a pump that is busy or stuck costs neither the writers of its
// pipes (ep_poll_callback returns early) nor the poller a wake-up.
const (
	readable = unix.EPOLLIN | unix.EPOLLONESHOT
	writable = unix.EPOLLOUT | unix.EPOLLONESHOT
)

// eventBatch is how many events one epoll_wait takes.
const eventBatch = 64

// waiter is called, on the poller's goroutine, when its descriptor is ready.
type waiter interface{ ready() }

// poller waits for every descriptor of the package, on one goroutine.
type poller struct {
	epoll *epoll.Poller
	rests *resting
	ended chan struct{}

	mu    sync.Mutex // never held over a call that can wait
	slots []slot
	free  []uint32
	shut  bool // epoll is closed, and its number may be somebody else's
	turns turns
}

// slot says who waits for a descriptor. The generation tells an event of the present
// owner from one that was under way when the slot changed hands.
type slot struct {
	gen  uint32
	who  waiter
	used bool
}

// watch is one descriptor's entry in the poller; the zero value is none.
type watch struct {
	fd   int32
	slot uint32
	gen  uint32
	on   bool
}

// key is the watch as an event has it.
func (w watch) key() uint64 { return uint64(w.gen)<<32 | uint64(w.slot) }

func newPoller() (*poller, error) {
	instance, err := epoll.New()
	if err != nil {
		return nil, err
	}
	p := &poller{epoll: instance, ended: make(chan struct{})}
	if p.rests, err = newResting(p); err != nil {
		_ = instance.Close()
		return nil, err
	}
	go p.run(0)
	return p, nil
}

// run waits and calls whoever waits, until the poller is closed, or another goroutine does it.
func (p *poller) run(leader int) {
	events := make([]epoll.Event, eventBatch)
	for p.takeTurns(leader) {
		n, err := p.epoll.Wait(events)
		if err != nil {
			close(p.ended)
			return
		}
		for _, event := range events[:n] {
			if who := p.owner(epoll.Key(event)); who != nil {
				who.ready()
			}
		}
	}
}

func (p *poller) owner(key uint64) waiter {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.slots[uint32(key)]; s.used && s.gen == uint32(key>>32) {
		return s.who
	}
	return nil
}

// add registers fd. The error EPERM says that it is of a kind that never waits.
func (p *poller) add(fd int, events uint32, who waiter) (watch, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shut {
		return watch{}, os.ErrClosed
	}
	if len(p.free) == 0 {
		p.slots = append(p.slots, slot{})
		p.free = append(p.free, uint32(len(p.slots)-1))
	}
	last := len(p.free) - 1
	w := watch{fd: int32(fd), slot: p.free[last], on: true}
	s := &p.slots[w.slot]
	w.gen = s.gen
	if err := p.epoll.Add(fd, events, w.key()); err != nil {
		return watch{}, err
	}
	p.free = p.free[:last]
	s.who, s.used = who, true
	return w, nil
}

// arm asks for the next event of w.
func (p *poller) arm(w watch, events uint32) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shut {
		return os.ErrClosed
	}
	return p.epoll.Modify(int(w.fd), events, w.key())
}

// remove forgets w, which must be done before its descriptor is closed: see
// [epoll.Poller.Remove].
func (p *poller) remove(w watch) {
	if !w.on {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.shut {
		// It can only fail if the entry is gone already.
		_ = p.epoll.Remove(int(w.fd))
	}
	s := &p.slots[w.slot]
	s.gen++
	s.who, s.used = nil, false
	p.free = append(p.free, w.slot)
}

// close ends the poller and waits for its goroutine.
func (p *poller) close() {
	p.mu.Lock()
	p.shut = true
	p.mu.Unlock()
	_ = p.epoll.Close()
	<-p.ended
	p.rests.close()
}
