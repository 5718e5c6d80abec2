package predict

import (
	"supervise/signals"
	"supervise/signals/state"
)

// Sending is a signal and how it is sent. The zero value of every field but Signal is what
// kill(2) does.
type Sending struct {
	Signal signals.Signal

	// Code is the si_code: [signals.CodeUser] of kill(2), [signals.CodeQueue] of sigqueue(3),
	// [signals.CodeThread] of tgkill(2).
	Code signals.Code

	// Thread is the id of the one thread that it is for; 0 if any thread of the process may
	// take it.
	Thread int
}

// Target is a process that a signal is for: proc_pid_status(5). The zero value of a field means
// that nothing speaks for it.
type Target struct {
	Ignored, Caught signals.Set // the dispositions of the process
	Shared          signals.Set // pending for the process: ShdPnd

	// Descriptors are the signals that the process has a signalfd(2) for.
	Descriptors signals.Set

	// Threads has at least the main thread, which is the first.
	Threads []Thread

	// Queued and Limit are SigQ: the pending signals of the process's user, and
	// RLIMIT_SIGPENDING.
	Queued, Limit uint64

	// Init says that it is the init of a PID namespace, or of the machine, and Outside that the
	// sender is in a PID namespace above that one.
	Init, Outside bool

	Ended    bool // a zombie: all threads have ended
	Dying    bool // SIGKILL is on its way: nothing else reaches it any more
	Frozen   bool // its cgroup is frozen
	Orphaned bool // its process group is: SIGTSTP, SIGTTIN and SIGTTOU do not stop it by default
	Denied   bool // we may not signal it: kill(2), EPERM
}

// Thread is one thread of a [Target].
type Thread struct {
	ID      int
	Pending signals.Set // for this thread alone: SigPnd
	Blocked signals.Set

	// Waits are the signals that the thread waits for in sigwaitinfo(2) and its like. While it
	// does, they are not in Blocked.
	Waits signals.Set

	Stopped bool // by a signal
	Traced  bool // by ptrace(2): the tracer sees every signal first
	Ended   bool
}

// TargetOf is a process as far as /proc tells. Outside, Frozen, Orphaned and Denied are left to
// the caller.
func TargetOf(p *state.Process) Target {
	t := Target{
		Ignored: p.Ignored, Caught: p.Caught, Shared: p.Shared, Queued: p.Queued, Limit: p.Limit,
		Init: p.Init(), Ended: !p.Alive(), Dying: p.AllPending().Has(signals.SIGKILL),
	}
	for _, d := range p.Descriptors {
		t.Descriptors |= d.Set
	}
	if !p.Alive() || p.Threads[0].TID != p.PID {
		// The main thread is asked for its mask even when it has ended and others go on.
		t.Threads = append(t.Threads, Thread{ID: p.PID, Blocked: p.Blocked, Ended: true})
	}
	for i := range p.Threads {
		thread := &p.Threads[i]
		t.Threads = append(t.Threads, Thread{
			ID: thread.TID, Pending: thread.Pending, Blocked: thread.Blocked, Waits: thread.Waiting,
			Stopped: thread.State == 'T', Traced: p.Tracer != 0,
		})
	}
	return t
}

// threads are those that may take a signal.
func (t *Target) threads(s Sending) []Thread {
	if s.Thread == 0 {
		return t.Threads
	}
	for i := range t.Threads {
		if t.Threads[i].ID == s.Thread {
			return t.Threads[i : i+1]
		}
	}
	return nil
}

// stopped reports whether the process is stopped by a signal.
func (t *Target) stopped() bool {
	for i := range t.Threads {
		if t.Threads[i].Stopped {
			return true
		}
	}
	return false
}

// Waiting reports whether a signal of this number waits in the queue that a sending goes to.
func (t *Target) Waiting(s Sending) bool {
	if s.Thread == 0 {
		return t.Shared.Has(s.Signal)
	}
	list := t.threads(s)
	return len(list) > 0 && list[0].Pending.Has(s.Signal)
}

// full reports whether a sending finds no room for its siginfo: __send_signal_locked and
// __sigqueue_alloc in the kernel's signal.c. The standard signals of kill(2) always have room.
func (t *Target) full(s Sending) bool {
	unlimited := !s.Signal.RealTime() && s.Code >= 0
	return !unlimited && t.Queued >= t.Limit
}
