package epoll

import (
	"fmt"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Poller is an epoll instance.
type Poller struct {
	fd   int
	file *os.File // fd, as the runtime knows it
	conn syscall.RawConn
}

// Event is what epoll_wait(2) returned of one descriptor.
type Event = unix.EpollEvent

// Key returns the key that the descriptor of an event was added with.
func Key(e Event) uint64 { return uint64(uint32(e.Fd)) | uint64(uint32(e.Pad))<<32 }

// New makes an instance: one descriptor.
func New() (*Poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("fcntl", err)
	}
	p := &Poller{fd: fd, file: os.NewFile(uintptr(fd), "epoll")}
	if p.conn, err = p.file.SyscallConn(); err == nil {
		// The runtime does not say when it cannot poll a file; a deadline does.
		err = p.file.SetReadDeadline(time.Time{})
	}
	if err != nil {
		p.file.Close()
		return nil, fmt.Errorf("cannot wait for an epoll descriptor: %w", err)
	}
	return p, nil
}

// Add registers a descriptor. EPERM says that it is of a kind that never waits. epoll_ctl(2).
func (p *Poller) Add(fd int, events uint32, key uint64) error {
	return p.control(unix.EPOLL_CTL_ADD, fd, events, key)
}

// Modify replaces the events that a descriptor is registered for, and looks at it again, so
// that nothing is missed that has happened since the last event.
func (p *Poller) Modify(fd int, events uint32, key uint64) error {
	return p.control(unix.EPOLL_CTL_MOD, fd, events, key)
}

// Remove takes a descriptor out. Closing it is not enough as long as another process, such as
// a child before its exec, has the file open: epoll(7), question 6.
func (p *Poller) Remove(fd int) error { return p.control(unix.EPOLL_CTL_DEL, fd, 0, 0) }

func (p *Poller) control(op, fd int, events uint32, key uint64) error {
	e := unix.EpollEvent{Events: events, Fd: int32(key), Pad: int32(key >> 32)}
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(p.fd, op, fd, &e))
}

// Wait waits for at least one event. The error says that the instance was closed.
func (p *Poller) Wait(events []Event) (n int, err error) {
	err = p.conn.Read(func(uintptr) bool {
		n = p.Poll(events)
		return n > 0
	})
	return n, err
}

// Poll is [Poller.Wait] without waiting: it returns 0 when there is no event. It does not tell
// the runtime's scheduler, which would wake its monitor, as unix.EpollWait does.
func (p *Poller) Poll(events []Event) int {
	for {
		n, _, errno := syscall.RawSyscall6(
			syscall.SYS_EPOLL_PWAIT, uintptr(p.fd), uintptr(unsafe.Pointer(&events[0])), uintptr(len(events)), 0, 0, 0,
		)
		if errno != syscall.EINTR {
			return max(int(n), 0)
		}
	}
}

// Close closes the instance, and so ends [Poller.Wait].
func (p *Poller) Close() error { return p.file.Close() }
