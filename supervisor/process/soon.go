//go:build linux && (amd64 || arm64)

package process

import (
	"sync/atomic"
	"syscall"
	"unsafe"

	"supervise/internal/sys"
)

// Begun is a start that was begun, and not waited for.
type Begun struct {
	spec *Spec
	plan *plan // nil: it could not be begun like that, and is left to Start
	pid  int
}

// Begin begins a start for a caller that must not wait, as [Begun.Wait] and what that returns
// do. It needs a Progress.
//
// The child is made without CLONE_VFORK, so that the caller goes on. The kernel clears a word of
// memory when a child leaves the memory that it shares (CLONE_CHILD_CLEARTID,
// set_tid_address(2)), by execve or exit.
func Begin(spec *Spec) Begun {
	b := Begun{spec: spec}
	if !sys.FeatureClone3.Available() || !spec.NoPIDFD {
		return b
	}
	p := plans.take()
	if p.prepare(spec, clone3Into, -1) == nil {
		if pid, ok := p.cloneBeside(spec); ok {
			b.plan, b.pid = p, pid
			return b
		}
	}
	plans.put(p)
	return b
}

// HasChild reports whether there is a child to wait for.
func (b Begun) HasChild() bool { return b.plan != nil }

// PID is the child's, if there is one.
func (b Begun) PID() int { return b.pid }

// Wait waits until the program runs, but no longer than for the patience, in nanoseconds. If it
// runs, rest is nil. Otherwise it is not over, and may have failed: rest, which is to be called
// on another goroutine, does what remains.
func (b Begun) Wait(patience int64) (child Process, rest func() (Process, error)) {
	p := b.plan
	if p == nil {
		return child, func() (Process, error) { return Start(b.spec) }
	}
	if p.left(patience) && p.runs() {
		b.spec.Progress.end(b.pid, true)
		plans.put(p)
		return Process{PID: b.pid, PIDFD: -1}, nil
	}
	return child, func() (Process, error) { return p.finish(b.spec, b.pid) }
}

// cloneBeside makes the child, and does not wait for it.
func (p *plan) cloneBeside(spec *Spec) (pid int, ok bool) {
	flags := cloneVM | cloneChildClearTID
	if spec.sharesFiles() {
		flags |= cloneFiles
	}
	p.setClone(spec, clone3Into, uintptr(flags))
	p.shares = 1
	p.clone.childTID = uint64(uintptr(unsafe.Pointer(&p.shares)))
	if !spec.Progress.begin(p) {
		return 0, false
	}
	if pid = vfork(&p.program); pid < 0 {
		spec.Progress.end(pid, false)
	}
	return pid, pid > 0
}

// forever is a patience without end.
const forever = -1

// left waits until the child has left our memory, and reports whether it has. futex(2).
func (p *plan) left(patience int64) bool {
	if patience == 0 {
		return atomic.LoadInt32(&p.shares) == 0
	}
	// The end is a time of the clock: the Go runtime interrupts a wait of 10 ms by a signal, again and again.
	var end syscall.Timespec
	const monotonic = 1
	_, _, _ = syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, monotonic, uintptr(unsafe.Pointer(&end)), 0)
	end = syscall.NsecToTimespec(end.Nano() + patience)
	for atomic.LoadInt32(&p.shares) != 0 {
		const waitUntil, any = 9, 1<<32 - 1 // FUTEX_WAIT_BITSET, and not the private one: the kernel wakes the other
		var errno syscall.Errno
		if patience == forever {
			_, _, errno = syscall.Syscall6(syscall.SYS_FUTEX, uintptr(unsafe.Pointer(&p.shares)), waitUntil, 1, 0, 0, any)
		} else { // so short that the Go scheduler need not know
			_, _, errno = syscall.RawSyscall6(syscall.SYS_FUTEX, uintptr(unsafe.Pointer(&p.shares)), waitUntil, 1,
				uintptr(unsafe.Pointer(&end)), 0, any)
		}
		if errno == syscall.ETIMEDOUT {
			return atomic.LoadInt32(&p.shares) == 0
		}
	}
	return true
}

// runs reports whether a child that has left our memory has executed its program. One that was
// killed before its first step or in the middle is taken for one that has, and ends at once.
func (p *plan) runs() bool { return p.program.errno == 0 && p.firstResult != noResult }

// finish waits for the child. If it has failed, the start is made once more, in all the ways
// that there are: some of them help, and it knows why it fails.
func (p *plan) finish(spec *Spec, pid int) (Process, error) {
	p.left(forever)
	runs := p.runs()
	killed := !spec.Progress.end(pid, runs)
	plans.put(p)
	switch {
	case runs && !(killed && noExec(pid)):
		return Process{PID: pid, PIDFD: -1}, nil
	case killed:
		reapFailed(Process{PID: pid, PIDFD: -1})
		return Process{PIDFD: -1}, ErrGivenUp
	}
	reapFailed(Process{PID: pid, PIDFD: -1})
	return Start(spec)
}
