package logs

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// archiver compresses rotated files and removes those that are too old, one after the other.
// Its goroutine has a thread of its own, once there is something to do, that runs only when
// nothing else wants to: sched(7), ioprio_set(2).
type archiver struct {
	mu      sync.Mutex
	queue   []*file
	running bool // the goroutine exists
	work    chan struct{}
	stop    atomic.Bool
	ended   chan struct{}
}

// archive is what the archiver keeps of a file, under its lock.
type archive struct {
	queued bool
	closed bool
	timer  *time.Timer // when the oldest of its files is too old
	report func(error) // of what has failed
	failed string      // what was reported last
}

// recheck bounds how long a file can be too old because the clock was set.
const recheck = 6 * time.Hour

// tend has the archiver look after the rotated files of f.
func (l *Logs) tend(f *file) {
	if r := f.rotation(); r.Keep <= 0 || !r.Compress && r.MaxAge <= 0 {
		return
	}
	a := &l.archiver
	a.mu.Lock()
	defer a.mu.Unlock()
	if f.archive.queued || f.archive.closed || a.stop.Load() {
		return
	}
	f.archive.queued = true
	a.queue = append(a.queue, f)
	if !a.running {
		a.running, a.work, a.ended = true, make(chan struct{}, 1), make(chan struct{})
		go a.run(l)
	}
	select {
	case a.work <- struct{}{}:
	default:
	}
}

// leave ends the tending of a file that is closed.
func (a *archiver) leave(f *file) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f.archive.closed = true
	if f.archive.timer != nil {
		f.archive.timer.Stop()
	}
}

// close gives up what is not done, and waits for that until done.
func (a *archiver) close(done <-chan struct{}) {
	a.mu.Lock()
	again := a.stop.Swap(true)
	running := a.running
	a.mu.Unlock()
	if again || !running {
		return
	}
	close(a.work) // nobody tends any more
	select {
	case <-a.ended:
	case <-done:
	}
}

func (a *archiver) run(l *Logs) {
	defer close(a.ended)
	// The thread ends with the goroutine, as nobody could raise its priority again.
	runtime.LockOSThread()
	lowerPriority()
	for range a.work {
		for f := a.next(); f != nil; f = a.next() {
			a.look(l, f)
		}
	}
}

// lowerPriority has the calling thread run when nothing else does.
func lowerPriority() {
	const who, idle = 1, 3 << 13 // IOPRIO_WHO_PROCESS, IOPRIO_CLASS_IDLE
	_ = unix.Setpriority(unix.PRIO_PROCESS, 0, 19)
	_, _, _ = unix.Syscall(unix.SYS_IOPRIO_SET, who, 0, idle)
}

func (a *archiver) next() *file {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.queue) == 0 || a.stop.Load() {
		return nil
	}
	f := a.queue[0]
	a.queue = a.queue[1:]
	f.archive.queued = false
	return f
}

// look does what there is to do for one file, and sets a time for the next look.
func (a *archiver) look(l *Logs, f *file) {
	next, err := f.tidy(f.rotation(), a.stop.Load)
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case err == nil:
		f.archive.failed = ""
	case err.Error() != f.archive.failed && !a.stop.Load():
		f.archive.failed = err.Error()
		f.archive.report(err)
	}
	if f.archive.timer != nil {
		f.archive.timer.Stop()
		f.archive.timer = nil
	}
	if next > 0 && !f.archive.closed {
		f.archive.timer = time.AfterFunc(min(next, recheck), func() { l.tend(f) })
	}
}

// rotation returns the settings on any goroutine.
func (f *file) rotation() Rotation {
	f.names.Lock()
	defer f.names.Unlock()
	return f.Rotation
}
