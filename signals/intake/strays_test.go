//go:build linux && (amd64 || arm64)

package intake_test

import (
	"os"
	"testing"

	"supervise/signals"
)

// TestStrays sends every signal over and over to a process full of threads, any of which
// the kernel may choose. Standard signals coalesce, but the last of each is never lost;
// real-time ones arrive all, and in order.
func TestStrays(t *testing.T) {
	eachMode(t, func(t *testing.T, b build) {
		s, _ := start(t, b.command("listen", "threads=30", "gc", "quiet"))
		const each = 300
		last := map[signals.Signal]int64{}
		for i := range each {
			for signal := range signals.Full.All() {
				switch {
				case signal == signals.SIGCHLD, signal == signals.SIGCONT, !signal.Catchable():
					continue
				}
				last[signal] = monotonic()
				s.queue(t, signal, uint64(i))
			}
		}
		s.check(t, s.rest(t), last, each)
	})
}

// check looks for each signal whether all, or at least the last, arrived.
func (s *subject) check(t *testing.T, all []got, last map[signals.Signal]int64, each int) {
	t.Helper()
	latest := map[signals.Signal]int64{}
	count := map[signals.Signal]int{}
	disorder := map[signals.Signal]int{}
	values := map[signals.Signal]map[uint64]bool{}
	newest := map[signals.Signal]uint64{}
	fresh := 0
	for _, g := range all {
		if g.Signal == 0 {
			fresh = int(g.Value)
			continue
		}
		if g.PID != int32(os.Getpid()) || g.UID != uint32(os.Getuid()) || g.Code != signals.CodeQueue {
			t.Errorf("arrived: %+v", g)
		}
		if values[g.Signal] == nil {
			values[g.Signal] = map[uint64]bool{}
		}
		if values[g.Signal][g.Value] {
			t.Errorf("arrived twice: %+v", g)
		}
		values[g.Signal][g.Value] = true
		if g.Value < newest[g.Signal] {
			disorder[g.Signal]++
		}
		newest[g.Signal] = max(newest[g.Signal], g.Value)
		latest[g.Signal] = g.at
		count[g.Signal]++
	}
	for signal, sent := range last {
		if latest[signal] < sent {
			t.Errorf("%v: the last of %d was lost; %d arrived", signal, each, count[signal])
		}
		if signal.RealTime() && count[signal] != each {
			t.Errorf("%v: %d arrived, want %d", signal, count[signal], each)
		}
		// Of a standard signal one that a thread has caught may be overtaken by the next,
		// of 32 and 33 too (see open); of 34 by as many as threads are new.
		allowed := 0
		if signal == signals.SIGRTMIN {
			allowed = fresh
		}
		if signal >= signals.SIGRTMIN && disorder[signal] > allowed {
			t.Errorf("%v: %d out of order, with %d threads that are new", signal, disorder[signal], fresh)
		}
	}
	t.Logf("%d arrived, with %d threads that are new", len(all), fresh)
}

// TestContinue does the same with SIGCONT, which the kernel drops when a signal that stops
// is sent.
func TestContinue(t *testing.T) {
	eachMode(t, func(t *testing.T, b build) {
		s, _ := start(t, b.command("listen", "threads=5"))
		last := map[signals.Signal]int64{}
		const each = 500
		for i := range each {
			last[signals.SIGCONT] = monotonic()
			s.queue(t, signals.SIGCONT, uint64(i))
		}
		s.check(t, s.rest(t), last, each)
	})
}

// TestFaults sends the signals of faults to a process that also has real ones, which stay
// Go's: panics that can be recovered from.
func TestFaults(t *testing.T) {
	eachMode(t, func(t *testing.T, b build) {
		s, _ := start(t, b.command("faults"))
		last := map[signals.Signal]int64{}
		const each = 200
		for i := range each {
			for signal := range signals.Faults.With(signals.SIGABRT).With(signals.SIGSTKFLT).All() {
				last[signal] = monotonic()
				s.queue(t, signal, uint64(i))
			}
		}
		s.check(t, s.rest(t), last, each)
	})
}

// TestManyThreads sends real-time signals to a process with hundreds of threads, every one
// of which may catch one before it is quiet: more than boot keeps at a time.
func TestManyThreads(t *testing.T) {
	eachMode(t, func(t *testing.T, b build) {
		s, _ := start(t, b.command("listen", "threads=400"))
		last := map[signals.Signal]int64{}
		const each = 2000
		for i := range each {
			last[32] = monotonic()
			s.queue(t, 32, uint64(i))
		}
		s.check(t, s.rest(t), last, each)
	})
}
