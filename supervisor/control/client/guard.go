package client

import (
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"supervise/internal/sys"
	"supervise/supervisor/control/wire"
)

// guardAfter is how long a call may take before it gets a guard, which costs two threads.
const guardAfter = 20 * time.Millisecond

// slow holds the open calls; those that take long get a guard. They share one timer: starting
// and stopping one for each call would cost more than the call.
var slow watchdog

type watchdog struct {
	mu    sync.Mutex
	calls map[*call]struct{}
	armed bool
}

func (w *watchdog) add(c *call) {
	c.began = time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.calls == nil {
		w.calls = map[*call]struct{}{}
	}
	w.calls[c] = struct{}{}
	if !w.armed {
		w.armed = true
		time.AfterFunc(guardAfter, w.check)
	}
}

// remove returns a channel that is closed when the call's guard has ended, or nil if it has
// none.
func (w *watchdog) remove(c *call) chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.calls, c)
	return c.guardDone
}

// check starts a guard for calls that take long, and runs again as long as there are others.
func (w *watchdog) check() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.calls {
		if time.Since(c.began) >= guardAfter {
			delete(w.calls, c)
			c.guardDone = make(chan struct{})
			go c.guard(c.guardDone)
		}
	}
	if w.armed = len(w.calls) > 0; w.armed {
		time.AfterFunc(guardAfter, w.check)
	}
}

// guard wakes a call that waits in msgrcv(2), which has no timeout, when its context ends or
// the supervisor is gone: by a message to itself.
func (c *call) guard(done chan struct{}) {
	defer close(done)
	gone, forget := exited(c.client)
	defer forget()
	var cause error
	select {
	case <-c.returned:
		return
	case <-c.ctx.Done():
		cause = c.ctx.Err()
	case <-gone:
		cause = ErrEnded
	}
	c.cause.Store(&cause)
	frame := wire.Frame{Kind: wire.Wake, Client: c.Client, Request: c.Number, Parts: 1}
	message := frame.Append(nil, int64(c.Client))
	for {
		// The queue may be full of others' answers, or the server may have cleared it.
		err := sys.MsgSend(c.client.queues.Reply, message, sys.IPCNoWait)
		wait := time.Second
		if err != nil {
			wait = time.Millisecond
		}
		select {
		case <-c.returned:
			return
		case <-time.After(wait):
		}
	}
}

// exited returns a channel that is closed when the supervisor's process ends.
func exited(client *Client) (gone chan struct{}, forget func()) {
	gone = make(chan struct{})
	fd, err := unix.PidfdOpen(client.PID(), unix.PIDFD_NONBLOCK)
	if err != nil || !client.queues.Owner.Alive() {
		if err == nil {
			unix.Close(fd)
		}
		// It is gone, or the kernel is too old to tell (before Linux 5.10).
		if !client.queues.Owner.Alive() {
			close(gone)
		}
		return gone, func() {}
	}
	file := os.NewFile(uintptr(fd), "pidfd")
	conn, err := file.SyscallConn()
	if err != nil || file.SetReadDeadline(time.Time{}) != nil {
		return gone, func() { _ = file.Close() }
	}
	go func() {
		if conn.Read(ended) == nil {
			close(gone)
		}
	}()
	return gone, func() { _ = file.Close() }
}

// ended reports whether the process of a pidfd has ended.
func ended(fd uintptr) bool {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, 0)
	return n > 0 && err == nil
}
