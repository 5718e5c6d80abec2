package queued

import (
	"errors"
	"slices"
	"strconv"

	"supervise/internal/ptrace"
	"supervise/internal/sys"
	"supervise/signals"
	"supervise/signals/state"
)

// Signal is one that waits.
type Signal struct {
	signals.Info

	// Thread is the one that it waits for, 0 if any of the process may take it.
	Thread int

	// Lost says that the kernel only remembers that there is such a signal: it was sent when
	// its queue was full. Info has nothing but the number.
	Lost bool
}

// Peek returns the signals that wait: those of each thread, then those of the process, each in
// the order of its queue. Real-time signals of a number come in this order; of different
// numbers the lower ones are first.
func Peek(p *state.Process) ([]Signal, error) {
	var all []Signal
	err := ptrace.Do(func(tracer *ptrace.Tracer) error {
		shared := p.Shared != 0
		for _, t := range p.Threads {
			if t.Pending == 0 && !shared {
				continue
			}
			found, err := peek(tracer, p, t.TID, t.Pending != 0, shared)
			if errors.Is(err, ptrace.ErrEnded) {
				continue
			}
			if err != nil {
				return err
			}
			all, shared = append(all, found...), false
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(all, func(a, b Signal) int { // the process's own behind those of threads
		return btoi(a.Thread == 0) - btoi(b.Thread == 0)
	})
	return all, nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// peek stops one thread and looks at its queue, and at that of the process.
func peek(tracer *ptrace.Tracer, p *state.Process, tid int, own, shared bool) (found []Signal, err error) {
	pid := p.PID
	t, err := tracer.Stop(pid, tid)
	if err != nil {
		return nil, err
	}
	defer t.Release()
	before := pending(pid, tid)
	if own {
		infos, err := t.Peek(ptrace.Own)
		if err != nil {
			return nil, err
		}
		found = appendQueue(found, tid, infos, before.Pending)
	}
	if shared {
		infos, err := peekShared(tracer, t, p, tid)
		if err != nil {
			return nil, err
		}
		// Other threads may take some meanwhile.
		found = appendQueue(found, 0, infos, before.Shared&pending(pid, tid).Shared)
	}
	return found, nil
}

// peekShared looks at the queue of a process, of which one thread stands. When another takes a
// signal meanwhile, those behind it move up, and one of them may be missed. So a queue that
// changes is looked at while all threads stand, as far as they can be stopped.
func peekShared(tracer *ptrace.Tracer, t *ptrace.Thread, p *state.Process, tid int) ([]signals.Info, error) {
	infos, err := t.Peek(ptrace.Shared)
	if err != nil || len(p.Threads) == 1 {
		return infos, err
	}
	again, err := t.Peek(ptrace.Shared)
	if err != nil || slices.Equal(infos, again) {
		return again, err
	}
	for _, other := range p.Threads {
		if other.TID == tid {
			continue
		}
		if stopped, err := tracer.Stop(p.PID, other.TID); err == nil {
			defer stopped.Release()
		}
	}
	return t.Peek(ptrace.Shared)
}

// appendQueue appends what is in a queue, and what is pending without being there.
func appendQueue(to []Signal, thread int, infos []signals.Info, pending signals.Set) []Signal {
	for _, info := range infos {
		to = append(to, Signal{Info: info, Thread: thread})
		pending = pending.Without(info.Signal)
	}
	for s := range pending.All() {
		to = append(to, Signal{Info: signals.Info{Signal: s}, Thread: thread, Lost: true})
	}
	return to
}

func pending(pid, tid int) (s state.Status) {
	_ = sys.ReadProc("/proc/"+strconv.Itoa(pid)+"/task/"+strconv.Itoa(tid)+"/status", func(text string) (err error) {
		s, err = state.Parse(text)
		return err
	})
	return s
}
