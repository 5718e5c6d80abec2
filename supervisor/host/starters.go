package host

import (
	"runtime"
	"sync"
	"time"

	"supervise/supervisor/process"
)

// starters are the goroutines that carry out starts, as many as may run Go code, which
// [BeginBulkStart] doubles: each start waits until the kernel has loaded a program. One that
// takes long is replaced, so that the others go on.
type starters struct {
	mu      sync.Mutex
	queue   []*start
	working int // goroutines, without those that are replaced
	hanging int // goroutines that are

	probe process.Progress // of children that only find out whether there is room
}

// slowTime is how long a start may take before others need not wait for it.
const slowTime = 20 * time.Millisecond

// delayTime is how long one may take before it is told that it does.
const delayTime = time.Second

// maxHanging is how many starts may hang before others wait for them. Each takes a thread, of
// which the Go runtime allows 10,000.
const maxHanging = 4000

// roomPause is how long to wait before it is looked again whether there is room for a thread.
const roomPause = time.Second

// add has a start carried out.
func (s *starters) add(st *start) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue = append(s.queue, st)
	s.employ()
}

// employ starts one more goroutine, if it is needed and may be. The lock is held.
func (s *starters) employ() {
	if len(s.queue) > 0 && s.working < runtime.GOMAXPROCS(0) && s.hanging < maxHanging {
		s.working++
		go s.work()
	}
}

func (s *starters) work() {
	for st := s.next(); st != nil; st = s.next() {
		w := worker{starters: s, start: st}
		timer := time.AfterFunc(slowTime, w.isSlow)
		pid, err := st.run()
		timer.Stop()
		replaced := w.done()
		st.host.Post(func() { st.result(pid, err) })
		if replaced {
			return
		}
	}
}

// next takes a start. Without one it returns nil, and the goroutine ends.
func (s *starters) next() *start {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 {
		s.working--
		return nil
	}
	st := s.queue[0]
	s.queue[0] = nil
	s.queue = s.queue[1:]
	return st
}

// worker is a goroutine with one start.
type worker struct {
	starters *starters
	start    *start
	replaced bool
	over     bool
	later    *time.Timer // tells that it takes long
	again    *time.Timer // replaces it if there is room then
}

// isSlow has another goroutine go on with the queue.
func (w *worker) isSlow() {
	s, st := w.starters, w.start
	s.mu.Lock()
	defer s.mu.Unlock()
	if !w.over {
		w.later = time.AfterFunc(delayTime-slowTime, func() { st.host.Post(st.isDelayed) })
		w.replace()
	}
}

// replace does that if there is room for one more thread: the runtime would end the process
// that cannot have one. The lock is held.
func (w *worker) replace() {
	s := w.starters
	if !process.Room(&s.probe) {
		w.again = time.AfterFunc(roomPause, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			if !w.over {
				w.replace()
			}
		})
		return
	}
	w.replaced = true
	s.working--
	s.hanging++
	s.employ()
}

// done says that the start is over. It reports whether the goroutine was replaced, and is to
// end.
func (w *worker) done() bool {
	s := w.starters
	s.mu.Lock()
	defer s.mu.Unlock()
	w.over = true
	for _, timer := range []*time.Timer{w.later, w.again} {
		if timer != nil {
			timer.Stop()
		}
	}
	if w.replaced {
		s.hanging--
		s.employ()
	}
	return w.replaced
}
