package process

import (
	"errors"
	"slices"
	"sync"
)

// ErrGivenUp is the error of a start that was ended by [Progress.GiveUp].
var ErrGivenUp = errors.New("given up, as it took too long")

// Progress shows, and can end, a start that takes long: the kernel may hold it for ever, on a
// file system that does not answer or in a frozen cgroup. Its methods may be called from any
// goroutine. The zero value is ready, for one call of [Start].
type Progress struct {
	mu      sync.Mutex
	doing   string
	child   child // nil unless there is one that has not executed its program
	started int   // the pid of one that has
	failed  []int // pids of those that did not get there
	givenUp bool
}

// child is a child that has not executed its program.
type child interface {
	step() string
	bornPID() int // 0 while it is being made
	kill()
}

// Doing says what is done before there is a child, in words such as "read /etc/web.env".
func (p *Progress) Doing(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.doing = what
}

// String is what the start is at: what [Progress.Doing] was told last, or the child's step,
// such as "chdir /srv/web".
func (p *Progress) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.child != nil {
		return p.child.step()
	}
	return p.doing
}

// PID is that of the child while it has not executed its program, 0 when there is none.
func (p *Progress) PID() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.child == nil {
		return 0
	}
	return p.child.bornPID()
}

// Made reports whether a pid is that of a child of this start. Whoever reaps all children may
// have reaped it before the start was over.
func (p *Progress) Made(pid int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.started == pid || p.child != nil && p.child.bornPID() == pid || slices.Contains(p.failed, pid)
}

// GiveUp kills the child, unless it is known to have executed its program, and makes the start
// fail with [ErrGivenUp], unless the kernel was faster. If there is no child, there will be
// none, and GiveUp returns true: nothing has to wait for Start, which may hang.
func (p *Progress) GiveUp() (nothing bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.started != 0 {
		return false
	}
	p.givenUp = true
	if p.child == nil {
		return true
	}
	p.child.kill()
	return false
}

// begin is called before a child is made. It returns false if there is to be none.
func (p *Progress) begin(c child) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.givenUp {
		return false
	}
	p.child = c
	return true
}

// end is called when the child has executed its program or has failed; without a child pid is
// not positive. It returns false if the child was killed meanwhile, maybe before its exec.
func (p *Progress) end(pid int, started bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.child = nil
	switch {
	case started:
		p.started = pid
	case pid > 0:
		p.failed = append(p.failed, pid)
	}
	return !started || !p.givenUp
}
