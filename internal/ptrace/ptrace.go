package ptrace

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"supervise/internal/sys"
	"supervise/signals"
	"supervise/signals/state"
)

// Requests of ptrace(2).
const (
	requestDetach    = 17
	requestSeize     = 0x4206
	requestInterrupt = 0x4207
	requestPeek      = 0x4209
	requestRegisters = 0x4204 // PTRACE_GETREGSET
	requestMask      = 0x420a // PTRACE_GETSIGMASK
)

// Tracer stops threads. It is for the function that got it from [Do], until that returns.
type Tracer struct {
	held int // threads that it has not let go of
}

// Do calls act on a thread of ours that does nothing else meanwhile: only the thread that has
// stopped another can look at it. It ends if it could not let go of everything, so that the
// kernel does.
func Do(act func(*Tracer) error) error {
	type result struct {
		tid int
		err error
	}
	done := make(chan result)
	go func() {
		runtime.LockOSThread()
		tid := unix.Gettid()
		if tid == unix.Getpid() {
			// The main thread would not end. While it is locked here, the next goroutine gets
			// another.
			done <- result{0, Do(act)}
			runtime.UnlockOSThread()
			return
		}
		var t Tracer
		err := act(&t)
		if t.held == 0 {
			// To end the thread would also end children that it has started, if they have
			// asked for that: PR_SET_PDEATHSIG.
			runtime.UnlockOSThread()
			tid = 0
		}
		done <- result{tid, err}
	}()
	r := <-done
	for end := time.Now().Add(time.Second); r.tid != 0 && time.Now().Before(end); time.Sleep(glance) {
		if unix.Tgkill(unix.Getpid(), r.tid, 0) == unix.ESRCH {
			break
		}
	}
	return r.err
}

const (
	// glance is the first pause between two looks at what has not happened yet. Later ones are
	// an eighth of the time that has passed.
	glance = 20 * time.Microsecond
	// soon is how long a thread is waited for that waits for a disk, or for its vfork(2)ed
	// child, late one that only has to get a processor.
	soon = 3 * time.Millisecond
	late = time.Second
)

// Thread is a thread that is traced.
type Thread struct {
	TID int
	// Stopped says that it stands, Ended that it has ended: as of the last call of Look.
	Stopped, Ended bool

	tracer *Tracer
	signal int // that it was about to get when it stopped, 0 for none
}

// ErrEnded is the error for a thread that has ended.
var ErrEnded = errors.New("the thread has ended")

// Seize begins to trace a thread, which goes unnoticed by it.
func (tr *Tracer) Seize(pid, tid int) (*Thread, error) {
	if pid == os.Getpid() {
		return nil, errors.New("a process cannot stop itself")
	}
	switch err := request(requestSeize, tid, 0, 0); {
	case err == unix.EPERM && alive(pid, tid):
		return nil, refusal(pid)
	case err == unix.ESRCH, err == unix.EPERM:
		return nil, ErrEnded
	case err != nil:
		return nil, fmt.Errorf("cannot trace process %d: %w", pid, err)
	}
	tr.held++
	return &Thread{TID: tid, tracer: tr}, nil
}

// Interrupt has a thread stop, soon.
func (t *Thread) Interrupt() {
	if request(requestInterrupt, t.TID, 0, 0) != nil {
		t.Ended = true
	}
}

// Look looks how it stands.
func (t *Thread) Look() { t.Stopped, t.signal, t.Ended = stopOf(t.TID) }

// Await waits until each of some threads that were interrupted stands or has ended, but not
// for one that waits in the kernel without being interruptible: after it neither is true of that.
func Await(pid int, threads []*Thread) {
	began := time.Now()
	for {
		running := 0
		waited := time.Since(began)
		for _, t := range threads {
			if t.Stopped || t.Ended {
				continue
			}
			if t.Look(); t.Stopped || t.Ended || waited > late || waited > soon && !stoppable(pid, t.TID) {
				continue
			}
			running++
		}
		if running == 0 {
			return
		}
		// Later looks take no processor from the threads.
		pause := unix.NsecToTimespec(int64(max(glance, waited/8)))
		_ = unix.Nanosleep(&pause, nil)
	}
}

// stoppable reports whether a thread can be expected to stop soon.
func stoppable(pid, tid int) bool { return alive(pid, tid) && threadState(pid, tid) != 'D' }

// Stop stops a thread.
func (tr *Tracer) Stop(pid, tid int) (*Thread, error) {
	t, err := tr.Seize(pid, tid)
	if err != nil {
		return nil, err
	}
	if t.Interrupt(); !t.Ended {
		Await(pid, []*Thread{t})
	}
	switch {
	case t.Stopped:
		return t, nil
	case t.Ended:
		return nil, ErrEnded
	}
	return nil, Stuck("thread " + strconv.Itoa(tid) + " of process " + strconv.Itoa(pid))
}

// Stuck is the error for a process or a thread that does not stop.
func Stuck(who string) error {
	return errors.New(who + " cannot be stopped now: it waits in the kernel, for a disk or for a child that it has started with vfork(2)")
}

// Release lets the thread go on, as it was: one of a stopped process stands on.
func (t *Thread) Release() {
	if request(requestDetach, t.TID, 0, uintptr(t.signal)) == nil {
		t.tracer.held--
	}
}

// Registers reads a set of registers of a thread that stands, by the type of its note, into b.
func (t *Thread) Registers(kind uint32, b []byte) ([]byte, error) {
	vec := unix.Iovec{Base: &b[0]}
	vec.SetLen(len(b))
	if err := request(requestRegisters, t.TID, uintptr(kind), uintptr(unsafe.Pointer(&vec))); err != nil {
		return nil, err
	}
	return b[:vec.Len], nil
}

// Blocked returns the signals that a thread blocks that stands, bit 0 for signal 1.
func (t *Thread) Blocked() (mask uint64) {
	_ = request(requestMask, t.TID, unsafe.Sizeof(mask), uintptr(unsafe.Pointer(&mask)))
	return mask
}

// Queue is one of the two queues that a thread takes signals from.
type Queue uint32

// The queues.
const (
	Own    Queue = 0
	Shared Queue = 1 // PTRACE_PEEKSIGINFO_SHARED: of the process
)

// Peek returns what is in a queue, in its order, and leaves it there. A signal that was queued
// without siginfo is not among it. PTRACE_PEEKSIGINFO, Linux 3.10.
func (t *Thread) Peek(q Queue) (infos []signals.Info, err error) {
	var batch [64]signals.RawInfo
	for {
		arguments := struct {
			offset uint64
			queue  Queue
			count  int32
		}{uint64(len(infos)), q, int32(len(batch))}
		n, _, errno := unix.RawSyscall6(unix.SYS_PTRACE, requestPeek, uintptr(t.TID),
			uintptr(unsafe.Pointer(&arguments)), uintptr(unsafe.Pointer(&batch)), 0, 0)
		if errno != 0 {
			return infos, fmt.Errorf("cannot look at the queue of thread %d: %w", t.TID, errno)
		}
		for i := range batch[:n] {
			infos = append(infos, signals.Decode(&batch[i]))
		}
		// Fewer than asked for does not mean that this was all: a signal for this thread, such as
		// one of the Go runtime's, ends the call early.
		if n == 0 {
			return infos, nil
		}
	}
}

func request(request, tid int, addr, data uintptr) error {
	_, _, errno := unix.RawSyscall6(unix.SYS_PTRACE, uintptr(request), uintptr(tid), addr, data, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// stopOf reports how a traced thread stands: stopped, with the signal that it was about to get
// or 0, or ended. It neither waits nor consumes anything, as the thread may also be a child of
// ours, whose end others wait for.
func stopOf(tid int) (stopped bool, signal int, ended bool) {
	var info struct { // the part of siginfo_t that waitid(2) fills
		signo, errno, code, _ int32
		pid                   int32
		uid                   uint32
		status                int32
		_                     [100]byte
	}
	const how = unix.WSTOPPED | unix.WEXITED | unix.WNOHANG | unix.WNOWAIT | unix.WALL
	const eventStop = 128                           // PTRACE_EVENT_STOP: without a signal, or that of a stopped process
	const cldExited, cldKilled, cldDumped = 1, 2, 3 // sigaction(2)
	_, _, errno := unix.RawSyscall6(unix.SYS_WAITID, unix.P_PID, uintptr(tid), uintptr(unsafe.Pointer(&info)), how, 0, 0)
	switch {
	case errno == unix.ECHILD:
		return false, 0, true
	case errno != 0 || info.pid == 0:
		return false, 0, false
	case info.code == cldExited || info.code == cldKilled || info.code == cldDumped:
		return false, 0, true
	case info.status>>8 == eventStop:
		return true, 0, false
	}
	return true, int(info.status & 0x7f), false
}

// refusal says why a process may not be traced.
func refusal(pid int) error {
	tracer := 0
	_ = sys.ReadProc("/proc/"+strconv.Itoa(pid)+"/status", func(text string) error {
		s, err := state.Parse(text)
		tracer = s.Tracer
		return err
	})
	if tracer != 0 {
		_ = sys.ReadProc("/proc/"+strconv.Itoa(tracer)+"/status", func(text string) error {
			s, err := state.Parse(text)
			if err == nil && s.Process != 0 {
				tracer = s.Process // it was a thread of that process
			}
			return err
		})
		return fmt.Errorf("process %d is traced by process %d already, such as a debugger or strace: end that first", pid, tracer)
	}
	return fmt.Errorf("not permitted to trace process %d: be root, or its user where kernel.yama.ptrace_scope is 0 and the process is dumpable", pid)
}

func alive(pid, tid int) bool {
	s := threadState(pid, tid)
	return s != 0 && s != 'Z' && s != 'X'
}

// threadState is R S D T t Z and so on, 0 if there is no such thread.
func threadState(pid, tid int) (found byte) {
	_ = sys.ReadProc("/proc/"+strconv.Itoa(pid)+"/task/"+strconv.Itoa(tid)+"/stat", func(text string) error {
		s, err := sys.ParseStat(text)
		found = s.State
		return err
	})
	return found
}
