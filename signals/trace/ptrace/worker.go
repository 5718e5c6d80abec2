package ptrace

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"supervise/internal/sys"
	"supervise/signals"
	"supervise/signals/trace"
)

// worker is what the tracing thread keeps.
type worker struct {
	backend   *Backend
	filter    trace.Filter
	threads   map[int]*thread
	releasing time.Time // since when; zero if not
	last      thread    // the last process that has ended: its SIGCHLD comes later
}

// thread is one that is traced.
type thread struct {
	trace.Thread
	stops bool // a signal has stopped the process, and SIGCONT has not been seen since
}

func (w *worker) emit(r *trace.Record) {
	if r.Time == 0 {
		r.Time = now()
	}
	w.backend.records <- *r
}

// options are those of PTRACE_SEIZE.
func (w *worker) options() uintptr {
	o := unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_TRACEEXEC
	if w.filter.Descendants {
		o |= unix.PTRACE_O_TRACEFORK | unix.PTRACE_O_TRACEVFORK
	}
	return uintptr(o)
}

// attach seizes all threads of the processes; they go on meanwhile.
func (w *worker) attach() error {
	for _, pid := range w.filter.PIDs {
		for found := true; found; {
			found = false
			for tid := range sys.ThreadsOf(pid) {
				if w.threads[tid] != nil {
					continue
				}
				err := ptrace(unix.PTRACE_SEIZE, tid, w.options())
				switch {
				case errors.Is(err, unix.EPERM) && ended(tid):
					continue
				case errors.Is(err, unix.EPERM):
					return fmt.Errorf("process %d: %w: it is somebody else's or the kernel's, or traced already, or Yama forbids it (kernel.yama.ptrace_scope)", pid, err)
				case errors.Is(err, unix.ESRCH):
					continue // it has ended
				case err != nil:
					return fmt.Errorf("process %d: ptrace: %w", pid, err)
				}
				w.threads[tid] = &thread{Thread: describe(tid)}
				found = true
			}
		}
		switch {
		case w.holds(pid):
		case ended(pid):
			return fmt.Errorf("process %d has ended, and waits for its parent to take notice", pid)
		default:
			return fmt.Errorf("there is no process %d", pid)
		}
	}
	return nil
}

// holds reports whether a thread of a process is traced; its first one may have ended.
func (w *worker) holds(pid int) bool {
	for _, t := range w.threads {
		if int(t.PID) == pid {
			return true
		}
	}
	return false
}

// ended reports whether a thread has ended, and was not reaped.
func ended(tid int) bool {
	stat, err := sys.ReadStat(tid)
	return err == nil && stat.Zombie()
}

// describe looks at a thread in /proc.
func describe(tid int) trace.Thread {
	t := trace.Thread{PID: int32(tid), TID: int32(tid), NSPID: -1, UID: -1, CgroupID: -1}
	stat, err := sys.ReadStat(tid)
	if err != nil {
		return t
	}
	copy(t.Comm[:15], stat.Name)
	var info unix.Stat_t
	if unix.Stat("/proc/"+strconv.Itoa(tid), &info) == nil {
		t.UID = int64(info.Uid)
	}
	if group, err := groupOf(tid); err == nil && group > 0 { // not reaped at that moment
		t.PID = int32(group)
	}
	return t
}

// look takes all that has happened.
func (w *worker) look() {
	for {
		var status unix.WaitStatus
		tid, err := unix.Wait4(-1, &status, unix.WNOHANG|unix.WALL, nil)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || tid == 0 {
			if errors.Is(err, unix.ECHILD) {
				clear(w.threads)
			}
			return
		}
		if status.Stopped() {
			w.stopped(tid, status)
		} else {
			w.ended(tid, status)
		}
	}
}

// ended is the end of a thread, and with the leader that of its process.
func (w *worker) ended(tid int, status unix.WaitStatus) {
	w.backend.mu.Lock()
	w.backend.reaped[tid] = status
	w.backend.mu.Unlock()
	t := w.threads[tid]
	delete(w.threads, tid)
	if t == nil || t.PID != t.TID {
		return
	}
	w.last = *t
	if status.Signaled() && status.Signal() == unix.SIGKILL {
		// It is not shown to debuggers, nor who sent it.
		sent := w.record(trace.Sent, t)
		sent.Signal, sent.Group, sent.Target, sent.Task = signals.SIGKILL, true, t.Thread, nobody
		w.emit(sent)
	}
	r := w.record(trace.Exited, t)
	r.Status, r.Context = int32(status), w.filter.Context
	w.emit(r)
}

// nobody is an unknown thread.
var nobody = trace.Thread{PID: -1, TID: -1, NSPID: -1, UID: -1, CgroupID: -1}

func (w *worker) record(kind trace.Kind, t *thread) *trace.Record {
	return &trace.Record{Kind: kind, Task: t.Thread, Target: nobody, SenderPID: -1, SenderUID: -1, Status: -1}
}

// stopped looks at why a thread has stopped, and lets it go on.
func (w *worker) stopped(tid int, status unix.WaitStatus) {
	t := w.threads[tid]
	if t == nil { // a child, before its parent has told
		t = &thread{Thread: describe(tid)}
		w.threads[tid] = t
	}
	signal, event := uintptr(0), int(status)>>16
	switch event {
	case 0:
		signal = uintptr(status.StopSignal())
		w.delivery(t, signals.Signal(signal))
	case unix.PTRACE_EVENT_STOP:
		if status.StopSignal() != unix.SIGTRAP && w.releasing.IsZero() {
			t.stops = true
			_ = ptrace(unix.PTRACE_LISTEN, tid, 0) // it stays stopped
			return
		}
	case unix.PTRACE_EVENT_EXEC:
		t.Thread = describe(tid)
		r := w.record(trace.Executed, t)
		r.Context = w.filter.Context
		w.emit(r)
	case unix.PTRACE_EVENT_FORK, unix.PTRACE_EVENT_VFORK, unix.PTRACE_EVENT_CLONE:
		w.forked(t)
	}
	if !w.releasing.IsZero() {
		_ = ptrace(unix.PTRACE_DETACH, tid, signal)
		delete(w.threads, tid)
		return
	}
	_ = ptrace(unix.PTRACE_CONT, tid, signal)
}

func (w *worker) forked(t *thread) {
	child, err := unix.PtraceGetEventMsg(int(t.TID))
	if err != nil {
		return
	}
	if w.threads[int(child)] == nil {
		w.threads[int(child)] = &thread{Thread: describe(int(child))}
	}
	if c := w.threads[int(child)]; w.filter.Context && c.PID == c.TID {
		r := w.record(trace.Forked, t)
		r.Target = c.Thread
		w.emit(r)
	}
}

// delivery is a signal that a thread is about to get, also one that it ignores.
func (w *worker) delivery(t *thread, s signals.Signal) {
	if w.filter.Signals != 0 && !w.filter.Signals.Has(s) {
		return
	}
	info, err := information(int(t.TID))
	if err != nil {
		return
	}
	sent := w.record(trace.Sent, t)
	sent.Target, sent.Task = t.Thread, w.sender(info)
	sent.Signal, sent.Code, sent.Errno, sent.Value = s, info.Code, info.Errno, info.Value
	sent.ValueKnown, sent.Detailed, sent.Group = true, true, info.Code != signals.CodeThread
	sent.SenderPID, sent.SenderUID = info.PID, int64(info.UID)
	state, err := sys.ReadSignalState(strconv.Itoa(int(t.TID)))
	caught := err == nil && state.Caught.Has(s)
	switch {
	case err == nil && state.Ignored.Has(s):
		sent.Result, sent.Handler = trace.IgnoredAtOnce, 1
	case !caught && s.Default() == signals.Ignore:
		sent.Result = trace.IgnoredAtOnce
	}
	if s == signals.SIGCONT && w.resumes(t) {
		sent.Flags |= trace.FlagContinued
	}
	w.emit(sent)
	if sent.Result != trace.Queued {
		return
	}
	r := w.record(trace.Delivered, t)
	r.Signal, r.Code, r.Time = s, info.Code, sent.Time // when it was sent is not known
	if caught {
		r.Handler = trace.SomeHandler
	}
	w.emit(r)
}

// resumes reports whether SIGCONT, which a thread is about to get, ended a stop.
func (w *worker) resumes(t *thread) (stopped bool) {
	for _, other := range w.threads {
		if other.PID == t.PID {
			stopped = stopped || other.stops
			other.stops = false
		}
	}
	return stopped
}

// sender describes who sent a signal, by its siginfo.
func (w *worker) sender(info signals.Info) trace.Thread {
	switch {
	case info.Code > 0 && info.Signal != signals.SIGCHLD, info.Code == signals.CodeTimer:
		return trace.Thread{PID: 0, TID: 0, NSPID: -1, UID: -1, CgroupID: -1}
	case info.PID <= 0:
		return nobody
	case info.PID == w.last.PID:
		return w.last.Thread
	}
	t := describe(int(info.PID))
	t.UID = int64(info.UID)
	return t
}

// release asks all threads to stop, so that they can be let go.
func (w *worker) release() {
	w.releasing = time.Now()
	for tid := range w.threads {
		_ = ptrace(unix.PTRACE_INTERRUPT, tid, 0)
	}
}

// groupOf is the process of a thread: Tgid in /proc/TID/status.
func groupOf(tid int) (group int, err error) {
	err = sys.ReadProc("/proc/"+strconv.Itoa(tid)+"/status", func(status string) error {
		_, err := fmt.Sscanf(after(status, "\nTgid:"), "%d", &group)
		return err
	})
	return group, err
}

func after(text, key string) string {
	for i := 0; i+len(key) <= len(text); i++ {
		if text[i:i+len(key)] == key {
			return text[i+len(key):]
		}
	}
	return ""
}
