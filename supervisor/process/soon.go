//go:build linux && (amd64 || arm64)

package process

import (
	"sync/atomic"
	"syscall"
	"unsafe"

	"supervise/internal/sys"
)

// StartSoon is [Start] for a caller that must not wait: no longer than for the patience, in
// nanoseconds, if at all. It needs a Progress. If the program runs by then, rest is nil. Otherwise it is not over,
// and may have failed: rest, which is to be called on another goroutine, does what remains.
//
// For that the child is made without CLONE_VFORK: the caller goes on, and waits for the kernel to
// clear a word of memory, as it does when a child leaves the memory that it shares
// (CLONE_CHILD_CLEARTID, set_tid_address(2)), by execve or exit.
func StartSoon(spec *Spec, patience int64) (child Process, rest func() (Process, error)) {
	fully := func() (Process, error) { return Start(spec) }
	if !sys.FeatureClone3.Available() || !spec.NoPIDFD {
		return child, fully
	}
	p := plans.take()
	if p.prepare(spec, -1) != nil {
		plans.put(p)
		return child, fully
	}
	pid, ok := p.cloneBeside(spec)
	if !ok {
		plans.put(p)
		return child, fully
	}
	if p.left(patience) && p.runs() {
		spec.Progress.end(pid, true)
		plans.put(p)
		return Process{PID: pid, PIDFD: -1}, nil
	}
	return child, func() (Process, error) { return p.finish(spec, pid) }
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
	var timeout *syscall.Timespec
	if patience != forever {
		t := syscall.NsecToTimespec(patience)
		timeout = &t
	}
	for atomic.LoadInt32(&p.shares) != 0 {
		const wait = 0 // FUTEX_WAIT, and not the private one: the kernel wakes the other
		_, _, errno := syscall.Syscall6(syscall.SYS_FUTEX, uintptr(unsafe.Pointer(&p.shares)), wait, 1,
			uintptr(unsafe.Pointer(timeout)), 0, 0)
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
