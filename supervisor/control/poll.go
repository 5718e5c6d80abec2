package control

import (
	"os"
	"slices"
	"sync"

	"golang.org/x/sys/unix"

	"supervise/internal/epoll"
)

// source is a descriptor that the poller waits for.
type source interface {
	// ready does what can be done now without waiting, but not too much at once; more
	// says that there is more to do.
	ready() (more bool)
}

// poller waits for all FIFOs and for the end of all clients, on one goroutine, on which it
// calls the sources.
type poller struct {
	epoll   *epoll.Poller
	eventFD int // eventfd(2), by which it is woken

	mu      sync.Mutex
	sources map[uint64]source // by a key that is never used again
	last    uint64
	jobs    []func()
}

// eventBatch is how many events one epoll_wait takes.
const eventBatch = 64

func newPoller() (p *poller, err error) {
	p = &poller{sources: map[uint64]source{}}
	if p.epoll, err = epoll.New(); err != nil {
		return nil, err
	}
	if p.eventFD, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		_ = p.epoll.Close()
		return nil, os.NewSyscallError("eventfd", err)
	}
	if _, err = p.add(p.eventFD, unix.EPOLLIN, wakeSource{p}); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// add waits for events of a descriptor and returns the key to [poller.forget] it by.
func (p *poller) add(fd int, events uint32, s source) (key uint64, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last++
	if err := p.epoll.Add(fd, events, p.last); err != nil {
		return 0, err
	}
	p.sources[p.last] = s
	return p.last, nil
}

// forget makes sure that a source is not called any more, unless it is being called now. The
// caller closes the descriptor, which takes it out of the epoll instance.
func (p *poller) forget(key uint64) {
	p.mu.Lock()
	delete(p.sources, key)
	p.mu.Unlock()
}

// do calls f on the poller's goroutine.
func (p *poller) do(f func()) {
	p.mu.Lock()
	p.jobs = append(p.jobs, f)
	p.mu.Unlock()
	p.wake()
}

func (p *poller) wake() {
	_, _ = unix.Write(p.eventFD, []byte{1, 0, 0, 0, 0, 0, 0, 0})
}

// run calls sources as they become ready, until closed is.
func (p *poller) run(closed chan struct{}) {
	var busy []uint64 // sources that had more to do
	events := make([]epoll.Event, eventBatch)
	for {
		n, err := p.wait(events, len(busy) == 0)
		select {
		case <-closed:
			return
		default:
		}
		if err != nil {
			return
		}
		for _, event := range events[:n] {
			if key := epoll.Key(event); !slices.Contains(busy, key) {
				busy = append(busy, key)
			}
		}
		rest := busy[:0]
		for _, key := range busy {
			if s := p.lookup(key); s != nil && s.ready() {
				rest = append(rest, key)
			}
		}
		busy = rest
	}
}

// wait takes events out of the kernel, and waits for the first if idle.
func (p *poller) wait(events []epoll.Event, idle bool) (n int, err error) {
	if idle {
		return p.epoll.Wait(events)
	}
	return p.epoll.Poll(events), nil
}

func (p *poller) lookup(key uint64) source {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sources[key]
}

func (p *poller) close() {
	unix.Close(p.eventFD)
	_ = p.epoll.Close()
}

// wakeSource is the source behind [poller.do].
type wakeSource struct{ p *poller }

func (w wakeSource) ready() bool {
	var buffer [8]byte
	_, _ = unix.Read(w.p.eventFD, buffer[:])
	w.p.mu.Lock()
	jobs := w.p.jobs
	w.p.jobs = nil
	w.p.mu.Unlock()
	for _, job := range jobs {
		job()
	}
	return false
}
