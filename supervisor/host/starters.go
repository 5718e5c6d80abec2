package host

import (
	"runtime"
	"sync"
	"time"
)

// starters are the goroutines that carry out starts, as many as may run Go code, which
// [BeginBulkStart] doubles: each start waits until the kernel has loaded a program. One that
// takes long is replaced, so that the others go on.
type starters struct {
	mu      sync.Mutex
	queue   []*start
	working int // goroutines, without those that are replaced
	hanging int // goroutines that are
}

// slowTime is how long a start may take before others need not wait for it.
const slowTime = 20 * time.Millisecond

// delayTime is how long one may take before it is told that it does.
const delayTime = time.Second

// maxHanging is how many starts may hang before others wait for them. Each takes a thread.
const maxHanging = 256

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
}

// isSlow has another goroutine go on with the queue.
func (w *worker) isSlow() {
	s, st := w.starters, w.start
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.over {
		return
	}
	w.later = time.AfterFunc(delayTime-slowTime, func() { st.host.Post(st.isDelayed) })
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
	if w.replaced {
		w.later.Stop()
		s.hanging--
		s.employ()
	}
	return w.replaced
}
