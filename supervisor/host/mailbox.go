package host

import (
	"sync"
	"time"
)

// mailbox has the functions that other goroutines want the loop to call.
type mailbox struct {
	wake func()
	mu   sync.Mutex
	work []func()
}

func (m *mailbox) put(f func()) {
	m.mu.Lock()
	first := len(m.work) == 0
	m.work = append(m.work, f)
	m.mu.Unlock()
	if first { // else it has been woken, and has not looked since
		m.wake()
	}
}

func (m *mailbox) take() []func() {
	m.mu.Lock()
	defer m.mu.Unlock()
	work := m.work
	m.work = nil
	return work
}

// Post makes the loop call f soon. It never waits, and may be called on any goroutine.
func (h *Host) Post(f func()) { h.mailbox.put(f) }

// Posted returns the functions that the loop is to call now.
func (h *Host) Posted() []func() { return h.mailbox.take() }

// Beside runs work on a goroutine of its own, and posts what it returns.
func (h *Host) Beside(work func() (then func())) {
	go func() {
		if then := work(); then != nil {
			h.mailbox.put(then)
		}
	}()
}

// Later posts f after a time.
func (h *Host) Later(after time.Duration, f func()) (stop func()) {
	timer := time.AfterFunc(after, func() { h.mailbox.put(f) })
	return func() { timer.Stop() }
}
