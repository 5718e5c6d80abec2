package logs

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// readable and writable are one-shot: once the event has been given out, the kernel
// forgets the descriptor until [poller.arm] asks again. A pump that is busy or stuck
// thereby costs the writers of its pipes no wake-up (ep_poll_callback returns early)
// and the poller none either.
const (
	readable = unix.EPOLLIN | unix.EPOLLONESHOT
	writable = unix.EPOLLOUT | unix.EPOLLONESHOT
)

// eventBatch is how many events one epoll_wait takes.
const eventBatch = 64

// waiter is told, on the poller's goroutine, that its descriptor is ready.
type waiter interface{ ready() }

// poller waits for every descriptor of the package with one epoll instance, which itself
// waits in the network poller of the Go runtime: an idle poller is one parked goroutine
// and no thread. epoll(7): "an epoll file descriptor is itself poll/epoll/selectable".
type poller struct {
	epoll int
	file  *os.File // epoll, as the runtime knows it
	conn  syscall.RawConn
	ended chan struct{}

	mu    sync.Mutex // never held over a call that can wait
	slots []slot
	free  []int32
	shut  bool // epoll is closed, and its number may be somebody else's
}

// slot says who waits for a descriptor. The generation tells an event of the present
// owner from one that was under way when the slot changed hands.
type slot struct {
	gen  int32
	who  waiter
	used bool
}

// watch is one descriptor's entry in the poller; the zero value is none.
type watch struct {
	fd   int32
	slot int32
	gen  int32
	on   bool
}

func newPoller() (*poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("fcntl", err)
	}
	file := os.NewFile(uintptr(fd), "epoll")
	conn, err := file.SyscallConn()
	if err == nil {
		// The runtime says nothing when it cannot poll a file; a deadline does.
		err = file.SetReadDeadline(time.Time{})
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("cannot wait for an epoll descriptor: %w", err)
	}
	p := &poller{epoll: fd, file: file, conn: conn, ended: make(chan struct{})}
	go p.run()
	return p, nil
}

func (p *poller) run() {
	defer close(p.ended)
	var n int
	events := make([]unix.EpollEvent, eventBatch)
	wait := func(fd uintptr) bool {
		for {
			var err error
			n, err = unix.EpollWait(int(fd), events, 0)
			if !errors.Is(err, unix.EINTR) {
				return n > 0
			}
		}
	}
	for p.conn.Read(wait) == nil {
		for i := range events[:n] {
			if who := p.owner(events[i].Fd, events[i].Pad); who != nil {
				who.ready()
			}
		}
	}
}

func (p *poller) owner(slot, gen int32) waiter {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.slots[slot]; s.used && s.gen == gen {
		return s.who
	}
	return nil
}

// add registers fd. The error EPERM says that it is of a kind that never waits.
func (p *poller) add(fd int, events uint32, who waiter) (watch, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.free) == 0 {
		p.slots = append(p.slots, slot{})
		p.free = append(p.free, int32(len(p.slots)-1))
	}
	last := len(p.free) - 1
	w := watch{fd: int32(fd), slot: p.free[last], on: true}
	s := &p.slots[w.slot]
	w.gen = s.gen
	if err := p.control(unix.EPOLL_CTL_ADD, w, events); err != nil {
		return watch{}, err
	}
	p.free = p.free[:last]
	s.who, s.used = who, true
	return w, nil
}

// arm asks for the next event of w. The kernel looks at the descriptor once more, so
// that nothing that happened since the last event is missed.
func (p *poller) arm(w watch, events uint32) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.control(unix.EPOLL_CTL_MOD, w, events)
}

// remove forgets w, which must be done before its descriptor is closed: the kernel keeps
// the entry for as long as any process, a child between fork and exec for example, has
// the file open. epoll(7), question 6.
func (p *poller) remove(w watch) {
	if !w.on {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	// It can only fail if the entry is gone already.
	_ = p.control(unix.EPOLL_CTL_DEL, w, 0)
	s := &p.slots[w.slot]
	s.gen++
	s.who, s.used = nil, false
	p.free = append(p.free, w.slot)
}

func (p *poller) control(op int, w watch, events uint32) error {
	if p.shut {
		return os.ErrClosed
	}
	e := unix.EpollEvent{Events: events, Fd: w.slot, Pad: w.gen}
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(p.epoll, op, int(w.fd), &e))
}

// close ends the poller and waits for its goroutine.
func (p *poller) close() {
	p.mu.Lock()
	p.shut = true
	p.mu.Unlock()
	p.file.Close()
	<-p.ended
}
