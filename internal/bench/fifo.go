package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// announcement is what tiny writes when it runs.
type announcement struct {
	time int64 // CLOCK_MONOTONIC in ns
	pid  int
}

const announcementSize = 24

// fifo is where the services of one manager announce themselves. As they keep it open, it
// also shows when the last one has ended.
type fifo struct {
	fd    int
	write int // kept open so that poll sleeps while no service has it open; -1 in the end
}

func openFIFO(path string) (*fifo, error) {
	if err := unix.Mkfifo(path, 0o600); err != nil {
		return nil, fmt.Errorf("cannot make the fifo %s: %w", path, err)
	}
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot open the fifo %s: %w", path, err)
	}
	write, err := unix.Open(path, unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("cannot open the fifo %s: %w", path, err)
	}
	return &fifo{fd, write}, nil
}

func (f *fifo) close() {
	_ = unix.Close(f.fd)
	f.closeWrite()
}

func (f *fifo) closeWrite() {
	if f.write >= 0 {
		_ = unix.Close(f.write)
		f.write = -1
	}
}

// next waits for the next announcement. Writes this small are atomic: pipe(7).
func (f *fifo) next(deadline time.Time) (a announcement, err error) {
	var b [announcementSize]byte
	for {
		if err := readable(f.fd, deadline); err != nil {
			return a, err
		}
		n, err := unix.Read(f.fd, b[:])
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return a, os.NewSyscallError("read", err)
		}
		if n != len(b) {
			return a, fmt.Errorf("an announcement of %d bytes", n)
		}
		order := binary.NativeEndian
		a.time = int64(order.Uint64(b[0:]))*1e9 + int64(order.Uint64(b[8:]))
		a.pid = int(order.Uint64(b[16:]))
		return a, nil
	}
}

// gone waits until no service has the FIFO open. Nothing can be announced after it.
func (f *fifo) gone(deadline time.Time) error {
	f.closeWrite()
	for {
		poll := []unix.PollFd{{Fd: int32(f.fd)}} // no event but POLLHUP
		n, err := unix.Poll(poll, max(0, int(time.Until(deadline).Milliseconds())))
		switch {
		case err != nil && err != unix.EINTR:
			return os.NewSyscallError("poll", err)
		case n > 0 && poll[0].Revents&unix.POLLHUP != 0:
			return nil
		case n == 0:
			return errSilent
		}
	}
}

// newFIFO makes a FIFO for services that no manager arranges.
func (b *bench) newFIFO() (f *fifo, path string, err error) {
	b.started++
	path = b.file(fmt.Sprintf("announce.%d", b.started))
	f, err = openFIFO(path)
	return f, path, err
}
