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
			found, err := peek(tracer, p.PID, t.TID, t.Pending != 0, shared)
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
func peek(tracer *ptrace.Tracer, pid, tid int, own, shared bool) (found []Signal, err error) {
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
		infos, err := t.Peek(ptrace.Shared)
		if err != nil {
			return nil, err
		}
		// Other threads may take some meanwhile.
		found = appendQueue(found, 0, infos, before.Shared&pending(pid, tid).Shared)
	}
	return found, nil
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
