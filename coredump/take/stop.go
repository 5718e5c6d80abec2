package take

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"supervise/internal/ptrace"
)

// tracer stops the threads of a process.
type tracer struct {
	*ptrace.Tracer
	pid     int
	threads []*ptrace.Thread // in the order in which they were found, the main one first
	known   map[int]bool
	began   time.Time // of the stop
}

// seize begins to trace all threads, which goes unnoticed by them.
func (t *tracer) seize() error {
	t.known = make(map[int]bool)
	if err := t.seizeThread(t.pid); err != nil && !errors.Is(err, ptrace.ErrEnded) {
		return err
	}
	for {
		n, err := t.seizeNew()
		if err != nil || n == 0 {
			return err
		}
	}
}

// seizeNew begins to trace the threads that are new, and returns how many.
func (t *tracer) seizeNew() (n int, err error) {
	dir, err := os.Open("/proc/" + strconv.Itoa(t.pid) + "/task")
	if err != nil {
		return 0, gone(t.pid)
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return 0, gone(t.pid)
	}
	for _, name := range names {
		tid, _ := strconv.Atoi(name)
		if t.known[tid] {
			continue
		}
		switch err := t.seizeThread(tid); {
		case err == nil:
			n++
		case !errors.Is(err, ptrace.ErrEnded):
			return n, err
		}
	}
	return n, nil
}

func gone(pid int) error { return fmt.Errorf("process %d has ended", pid) }

func (t *tracer) seizeThread(tid int) error {
	t.known[tid] = true
	th, err := t.Seize(t.pid, tid)
	if err == nil {
		t.threads = append(t.threads, th)
	}
	return err
}

// stop stops all threads, those too that are born meanwhile. The error is that none could be
// stopped.
func (t *tracer) stop() error {
	t.began = time.Now()
	for from := 0; ; {
		for i := from; i < len(t.threads); i++ {
			t.threads[i].Interrupt()
		}
		ptrace.Await(t.pid, t.threads[from:])
		from = len(t.threads)
		// Threads that stand start no others; those that ran until now may have.
		n, err := t.seizeNew()
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
	}
	waiting := 0
	for _, th := range t.threads {
		switch {
		case th.Stopped:
			return nil
		case !th.Ended:
			waiting++
		}
	}
	if waiting > 0 {
		return ptrace.Stuck("process " + strconv.Itoa(t.pid))
	}
	return gone(t.pid)
}

// release lets all threads go on, as they were.
func (t *tracer) release() (stopped time.Duration) {
	for _, th := range t.threads {
		if th.Stopped {
			th.Release()
		}
	}
	return time.Since(t.began)
}
