package epoll

import (
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

func eventFD(t *testing.T) int {
	t.Helper()
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}

func ring(t *testing.T, fd int) {
	t.Helper()
	if _, err := unix.Write(fd, []byte{1, 0, 0, 0, 0, 0, 0, 0}); err != nil {
		t.Fatal(err)
	}
}

// TestPoller takes one event of two descriptors, by their keys, each once.
func TestPoller(t *testing.T) {
	p, err := New()
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	const key = 1<<63 | 5
	one, other := eventFD(t), eventFD(t)
	for fd, key := range map[int]uint64{one: key, other: 7} {
		if err := p.Add(fd, unix.EPOLLIN|unix.EPOLLONESHOT, key); err != nil {
			t.Fatal(err)
		}
	}
	events := make([]Event, 4)
	if n := p.Poll(events); n != 0 {
		t.Errorf("%d events before any", n)
	}
	ring(t, one)
	if n, err := p.Wait(events); n != 1 || err != nil || Key(events[0]) != key {
		t.Errorf("%d events, %v, key %x", n, err, Key(events[0]))
	}
	if n := p.Poll(events); n != 0 {
		t.Error("a one-shot event came twice")
	}
	if err := p.Modify(one, unix.EPOLLIN|unix.EPOLLONESHOT, 9); err != nil {
		t.Error(err)
	}
	if n := p.Poll(events); n != 1 || Key(events[0]) != 9 {
		t.Errorf("%d events after Modify, key %x", n, Key(events[0]))
	}
	if err := p.Remove(other); err != nil {
		t.Error(err)
	}
	ring(t, other)
	if n := p.Poll(events); n != 0 {
		t.Error("an event of a descriptor that was removed")
	}
}

// TestClose ends a wait.
func TestClose(t *testing.T) {
	p, err := New()
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() {
		_, err := p.Wait(make([]Event, 1))
		ended <- err
	}()
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err == nil {
		t.Error("no error after the close")
	}
}

// TestRegularFile is of a kind that never waits.
func TestRegularFile(t *testing.T) {
	p, err := New()
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := p.Add(int(file.Fd()), unix.EPOLLIN, 1); !errors.Is(err, unix.EPERM) {
		t.Error(err)
	}
}
