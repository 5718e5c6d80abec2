package logs

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// halt waits until p is idle and takes the place of its goroutine: p does nothing until the
// test calls p.run.
func halt(t *testing.T, p *Pump) {
	t.Helper()
	until(t, "the pump is idle", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.state != idle {
			return false
		}
		p.state = running
		return true
	})
}

// untilQueued waits until the poller has queued n streams.
func untilQueued(t *testing.T, p *Pump, n int) {
	t.Helper()
	until(t, "the streams are queued", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.ready.n == n
	})
}

// hook is a destination that calls before, once, before it is written to.
type hook struct {
	*memory
	before func()
}

func (h *hook) write(b []byte) (int, error) {
	if f := h.before; f != nil {
		h.before = nil
		f()
	}
	return h.memory.write(b)
}

// TestMove moves a source in the middle of a line, and one that is being drained, which
// stays.
func TestMove(t *testing.T) {
	l := newLogs(t, nil)
	from, to := newMemory(), newMemory()
	p, q := into(t, l, layout{}, from), into(t, l, layout{}, to)
	s, e := attach(t, p, "svc")
	say(t, e.Stdout, "one\ntw")
	until(t, "the beginning is read", func() bool { return strings.Contains(from.String(), "one\n") })
	s.Move(q)
	until(t, "it has moved", func() bool { return s.pump.Load() == q })
	say(t, e.Stdout, "o\n")
	until(t, "the line is written", func() bool { return to.String() == "two\n" })
	say(t, e.Stderr, "three\n")
	until(t, "the next one is", func() bool { return to.String() == "two\nthree\n" })
	if p.Stats().Sources != 0 || q.Stats().Sources != 1 {
		t.Errorf("the first pump has %d sources, the second %d", p.Stats().Sources, q.Stats().Sources)
	}
	e.Close()
	if d := drain(t, s); !slices.Equal(d.Tail, []string{"one", "two", "three"}) || from.String() != "one\n" {
		t.Errorf("the tail is %q, and the first pump wrote %q", d.Tail, from.String())
	}

	late, e := attach(t, p, "svc")
	drain(t, late)
	p.mu.Lock()
	late.drains++ // as it is until that is answered
	p.mu.Unlock()
	late.Move(q)
	say(t, e.Stdout, "four\n")
	until(t, "it is written", func() bool { return strings.Contains(from.String(), "four\n") })
	p.mu.Lock()
	late.drains--
	p.mu.Unlock()
	e.Close()
}

// TestMoveMeets has a move be asked for together with something else, before the pump gets
// round to either. "one\ntw" is read by then; "o\n" is written in between.
func TestMoveMeets(t *testing.T) {
	for name, c := range map[string]struct {
		meet func(s *Source, pumps []*Pump, more, end func())
		want [3]string // behind "one\n" of the first
	}{
		"a line that waits":      {func(s *Source, to []*Pump, more, end func()) { more(); s.Move(to[1]) }, [3]string{"", "two\n"}},
		"a line that comes":      {func(s *Source, to []*Pump, more, end func()) { s.Move(to[1]); more() }, [3]string{"", "two\n"}},
		"the end that waits":     {func(s *Source, to []*Pump, more, end func()) { end(); s.Move(to[1]) }, [3]string{"", "tw\n"}},
		"the end that comes":     {func(s *Source, to []*Pump, more, end func()) { s.Move(to[1]); end() }, [3]string{"", "tw\n"}},
		"another move":           {func(s *Source, to []*Pump, more, end func()) { s.Move(to[1]); s.Move(to[2]); more() }, [3]string{"", "", "two\n"}},
		"a move back":            {func(s *Source, to []*Pump, more, end func()) { s.Move(to[1]); s.Move(to[0]); more() }, [3]string{"two\n"}},
		"a drain before":         {func(s *Source, to []*Pump, more, end func()) { more(); s.ask(&request{source: s}); s.Move(to[1]) }, [3]string{"two\n"}},
		"a drain behind":         {func(s *Source, to []*Pump, more, end func()) { s.Move(to[1]); more(); s.ask(&request{source: s}) }, [3]string{"two\n"}},
		"the source's close":     {func(s *Source, to []*Pump, more, end func()) { s.Move(to[1]); more(); s.Close() }, [3]string{"two\n"}},
		"its pump's close":       {func(s *Source, to []*Pump, more, end func()) { s.Move(to[1]); more(); to[0].Close() }, [3]string{"two\n"}},
		"the other pump's close": {func(s *Source, to []*Pump, more, end func()) { s.Move(to[1]); more(); to[1].Close() }, [3]string{"two\n"}},
		"a reopen":               {func(s *Source, to []*Pump, more, end func()) { s.Move(to[1]); more(); to[0].Reopen() }, [3]string{"", "two\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLogs(t, nil)
			var memories [3]*memory
			var pumps []*Pump
			for i := range memories {
				memories[i] = newMemory()
				pumps = append(pumps, into(t, l, layout{}, memories[i]))
			}
			s, e := attach(t, pumps[0], "svc")
			end := sync.OnceFunc(e.Close)
			say(t, e.Stdout, "one\ntw")
			until(t, "the beginning is read", func() bool { return memories[0].String() == "one\n" })
			halt(t, pumps[0])
			more := func() { say(t, e.Stdout, "o\n"); untilQueued(t, pumps[0], 1) }
			c.meet(s, pumps, more, func() { end(); untilQueued(t, pumps[0], 2) })
			pumps[0].run()
			end()
			drain(t, s)
			c.want[0] = "one\n" + c.want[0]
			for i, m := range memories {
				if got := m.String(); got != c.want[i] {
					t.Errorf("pump %d has written %q, want %q", i, got, c.want[i])
				}
			}
		})
	}
}

// TestMoveInRound has a move be asked for in the middle of a round. The streams of the round
// that are not yet read are read by the other pump.
func TestMoveInRound(t *testing.T) {
	l := newLogs(t, nil)
	from, to := &hook{memory: newMemory()}, newMemory()
	p, q := into(t, l, layout{}, from), into(t, l, layout{}, to)
	_, first := attach(t, p, "first")
	s, e := attach(t, p, "svc")
	halt(t, p)
	block := strings.Repeat("first\n", directSize/6+1) // is written before the next read
	say(t, first.Stdout, block)
	untilQueued(t, p, 1)
	say(t, e.Stdout, "one\n")
	untilQueued(t, p, 2)
	from.before = func() { s.Move(q) }
	p.run()
	first.Close()
	e.Close()
	drain(t, s)
	if from.String() != block || to.String() != "one\n" {
		t.Errorf("the first pump has written %d bytes, want %d, the other %q", len(from.String()), len(block), to.String())
	}
}

// TestMoveBetweenDrains has a source stay as long as one of several requests is not answered.
func TestMoveBetweenDrains(t *testing.T) {
	l := newLogs(t, nil)
	from := &hook{memory: newMemory()}
	p, q := into(t, l, layout{}, from), into(t, l, layout{}, newMemory())
	s, e := attach(t, p, "svc")
	halt(t, p)
	say(t, e.Stdout, "one\n")
	untilQueued(t, p, 1)
	s.ask(&request{source: s})
	from.before = func() { // in the round that answers the first one
		s.Move(q)
		s.Close()
	}
	p.run()
	if s.pump.Load() != p || p.Stats().Sources != 0 {
		t.Error("it has moved")
	}
	e.Close()
}

// TestMoveBusy moves a source to and fro while it is written to without an end. No line is
// lost, torn, or overtaken by a later one of the same place.
func TestMoveBusy(t *testing.T) {
	l := newLogs(t, nil)
	memories := []*memory{newMemory(), newMemory()}
	pumps := []*Pump{into(t, l, layout{}, memories[0]), into(t, l, layout{}, memories[1])}
	s, e := attach(t, pumps[0], "svc")
	var enough atomic.Bool
	written := make(chan int)
	go func() {
		lines := 0
		for !enough.Load() {
			var b strings.Builder
			for range 100 {
				b.WriteString(strconv.Itoa(lines) + "\n")
				lines++
			}
			half := b.Len() / 2
			say(t, e.Stdout, b.String()[:half])
			say(t, e.Stdout, b.String()[half:])
		}
		e.Close()
		written <- lines
	}()
	for i := range 100 {
		to := pumps[(i+1)%2]
		s.Move(to)
		until(t, "it moves", func() bool { return s.pump.Load() == to })
	}
	enough.Store(true)
	lines := <-written
	drain(t, s)
	var all []int
	for _, m := range memories {
		last := -1
		for line := range strings.Lines(m.String()) {
			n, err := strconv.Atoi(strings.TrimSuffix(line, "\n"))
			if err != nil || n <= last {
				t.Fatalf("line %q comes behind %d", line, last)
			}
			all, last = append(all, n), n
		}
	}
	slices.Sort(all)
	if len(all) != lines || all[0] != 0 || all[lines-1] != lines-1 || len(slices.Compact(all)) != lines {
		t.Errorf("%d lines of %d", len(all), lines)
	}
}
