package take

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// thread is one that is traced.
type thread struct {
	tid     int
	stopped bool
	ended   bool
	signal  int // that it was about to get when it stopped, 0 for none
}

// tracer stops the threads of a process. All of it runs on one thread of ours: the kernel
// wants that.
type tracer struct {
	pid     int
	threads []thread // in the order in which they were found, the main one first
	known   map[int]bool
	began   time.Time // of the stop
}

// Times for threads to stop in.
const (
	// soon is when one that waits in the kernel without being interruptible, for a disk or its
	// vfork(2)ed child, is not waited for any longer.
	soon = 3 * time.Millisecond
	// late is when none is waited for any longer. One that wants to run has to get a processor
	// before it stands, and the machine may be busy.
	late = time.Second
	// glance is the first pause between two looks at threads that still run. Later they are an
	// eighth of the time that has passed, so that looking takes no processor from the threads.
	glance = 20 * time.Microsecond
)

// onThread runs act on a thread of its own, and returns when that has ended: by then the kernel
// has let go of every thread that was not let go of.
func onThread(act func()) {
	done := make(chan int)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		tid := unix.Gettid()
		if tid == unix.Getpid() {
			// The main thread would not end. While it is locked here, the next goroutine gets
			// another.
			onThread(act)
			tid = 0
		} else {
			act()
		}
		done <- tid
	}()
	tid := <-done
	for end := time.Now().Add(time.Second); tid != 0 && time.Now().Before(end); time.Sleep(glance) {
		if unix.Tgkill(unix.Getpid(), tid, 0) == unix.ESRCH {
			return
		}
	}
}

// seize begins to trace all threads, which goes unnoticed by them.
func (t *tracer) seize() error {
	t.known = make(map[int]bool)
	if err := t.seizeThread(t.pid); err != nil && err != errEnded {
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
		switch err := t.seizeThread(tid); err {
		case nil:
			n++
		case errEnded:
		default:
			return n, err
		}
	}
	return n, nil
}

var errEnded = errors.New("the thread has ended")

func gone(pid int) error { return fmt.Errorf("process %d has ended", pid) }

func (t *tracer) seizeThread(tid int) error {
	t.known[tid] = true
	err := ptrace(ptraceSeize, tid, 0, 0)
	switch {
	case err == nil:
		t.threads = append(t.threads, thread{tid: tid})
		return nil
	case err == unix.ESRCH || ended(t.pid, tid):
		return errEnded
	case err == unix.EPERM:
		return refusal(t.pid)
	}
	return fmt.Errorf("cannot trace process %d: %w", t.pid, err)
}

// refusal says why the process may not be traced.
func refusal(pid int) error {
	if by := statusField("/proc/"+strconv.Itoa(pid)+"/status", "TracerPid"); by != "0" && by != "" {
		if process := statusField("/proc/"+by+"/status", "Tgid"); process != "" {
			by = process // by was a thread of it
		}
		return fmt.Errorf("process %d is traced by process %s already, such as a debugger or strace: end that first", pid, by)
	}
	return fmt.Errorf("not permitted to trace process %d: be root, or its user where kernel.yama.ptrace_scope is 0 and the process is dumpable", pid)
}

// stop stops all threads, those too that are born meanwhile. The error is that none could be
// stopped.
func (t *tracer) stop() error {
	t.began = time.Now()
	for from := 0; ; {
		for i := from; i < len(t.threads); i++ {
			if ptrace(ptraceInterrupt, t.threads[i].tid, 0, 0) != nil {
				t.threads[i].ended = true
			}
		}
		t.await(t.threads[from:])
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
	for i := range t.threads {
		switch th := &t.threads[i]; {
		case th.stopped:
			return nil
		case !th.ended:
			waiting++
		}
	}
	if waiting > 0 {
		return fmt.Errorf("process %d cannot be stopped now: it waits in the kernel, for a disk or for a child that it has started with vfork(2)", t.pid)
	}
	return gone(t.pid)
}

// await waits until all of some threads stand.
func (t *tracer) await(threads []thread) {
	began := time.Now()
	for {
		running := 0
		waited := time.Since(began)
		for i := range threads {
			th := &threads[i]
			if th.stopped || th.ended {
				continue
			}
			th.stopped, th.signal, th.ended = stopOf(th.tid)
			if th.stopped || th.ended || waited > late || waited > soon && !stoppable(t.pid, th.tid) {
				continue
			}
			running++
		}
		if running == 0 {
			return
		}
		pause := unix.NsecToTimespec(int64(max(glance, waited/8)))
		_ = unix.Nanosleep(&pause, nil)
	}
}

// release lets all threads go on, as they were.
func (t *tracer) release() (stopped time.Duration) {
	for i := range t.threads {
		if th := &t.threads[i]; th.stopped {
			_ = ptrace(ptraceDetach, th.tid, 0, uintptr(th.signal))
		}
	}
	return time.Since(t.began)
}

// stoppable reports whether a thread can be expected to stop soon.
func stoppable(pid, tid int) bool {
	state := threadState(pid, tid)
	return state != 'D' && state != 'Z' && state != 'X' && state != 0
}

func ended(pid, tid int) bool {
	state := threadState(pid, tid)
	return state == 0 || state == 'Z' || state == 'X'
}
