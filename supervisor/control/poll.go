package control

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// source is a descriptor that the poller waits for.
type source interface {
	// ready does what can be done now without waiting, but not too much at once; more
	// says that there is more to do.
	ready() (more bool)
}

// poller waits for all FIFOs and all clients' ends with one epoll instance, which itself
// waits in the network poller of the Go runtime: it is one parked goroutine and no thread
// as long as nothing happens. Sources are called on its goroutine.
type poller struct {
	epoll *os.File
	fd    int
	conn  syscall.RawConn
	event int // eventfd(2), to be woken by

	mu      sync.Mutex
	sources map[int64]source // by a number that is never used again
	last    int64
	jobs    []func()
}

const pollBatch = 64

func newPoller() (p *poller, err error) {
	p = &poller{sources: map[int64]source{}, event: -1}
	if p.fd, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if err := unix.SetNonblock(p.fd, true); err != nil {
		unix.Close(p.fd)
		return nil, os.NewSyscallError("fcntl", err)
	}
	p.epoll = os.NewFile(uintptr(p.fd), "epoll")
	if err := p.begin(); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// begin gets the poller all that it needs beside the epoll instance.
func (p *poller) begin() (err error) {
	if p.conn, err = p.epoll.SyscallConn(); err != nil {
		return err
	}
	// The runtime says nothing when it cannot poll a file; a deadline does.
	if err := p.epoll.SetReadDeadline(time.Time{}); err != nil {
		return fmt.Errorf("cannot wait for an epoll descriptor: %w", err)
	}
	if p.event, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return os.NewSyscallError("eventfd", err)
	}
	_, err = p.add(p.event, unix.EPOLLIN, bell{p})
	return err
}

// add waits for events of a descriptor and returns the number to [poller.forget] it by.
func (p *poller) add(fd int, events uint32, s source) (int64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last++
	key := p.last
	event := unix.EpollEvent{Events: events, Fd: int32(key), Pad: int32(key >> 32)}
	if err := unix.EpollCtl(p.fd, unix.EPOLL_CTL_ADD, fd, &event); err != nil {
		return 0, os.NewSyscallError("epoll_ctl", err)
	}
	p.sources[key] = s
	return key, nil
}

// forget has a source not called any more, unless it is being called now. The descriptor
// is to be closed by the caller, which takes it out of the epoll instance.
func (p *poller) forget(key int64) {
	p.mu.Lock()
	delete(p.sources, key)
	p.mu.Unlock()
}

// do has f called on the poller's goroutine.
func (p *poller) do(f func()) {
	p.mu.Lock()
	p.jobs = append(p.jobs, f)
	p.mu.Unlock()
	p.wake()
}

func (p *poller) wake() {
	_, _ = unix.Write(p.event, []byte{1, 0, 0, 0, 0, 0, 0, 0})
}

// run calls sources as they become ready, until closed is.
func (p *poller) run(closed chan struct{}) {
	var busy []int64 // sources that had more to do
	events := make([]unix.EpollEvent, pollBatch)
	for {
		n, err := p.wait(events, len(busy) > 0)
		select {
		case <-closed:
			return
		default:
		}
		if err != nil {
			return // closed under us
		}
		for _, event := range events[:n] {
			key := int64(uint32(event.Fd)) | int64(event.Pad)<<32
			if !slices.Contains(busy, key) {
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

func (p *poller) lookup(key int64) source {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sources[key]
}

// wait takes events out of the kernel; with look it does not wait for any.
func (p *poller) wait(events []unix.EpollEvent, look bool) (n int, err error) {
	take := func(fd uintptr) bool {
		for {
			var failed error
			n, failed = unix.EpollWait(int(fd), events, 0)
			if !errors.Is(failed, unix.EINTR) {
				n = max(n, 0)
				return n > 0
			}
		}
	}
	if look {
		take(uintptr(p.fd))
		return n, nil
	}
	return n, p.conn.Read(take)
}

func (p *poller) close() {
	if p.event >= 0 {
		unix.Close(p.event)
	}
	_ = p.epoll.Close()
}

// bell is the source behind [poller.do].
type bell struct{ p *poller }

func (b bell) ready() bool {
	var buffer [8]byte
	_, _ = unix.Read(b.p.event, buffer[:])
	b.p.mu.Lock()
	jobs := b.p.jobs
	b.p.jobs = nil
	b.p.mu.Unlock()
	for _, job := range jobs {
		job()
	}
	return false
}
