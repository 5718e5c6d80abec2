package logs

import (
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

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
	say(t, e.Stderr, "three\n")
	until(t, "the rest is written", func() bool { return strings.Contains(to.String(), "two\n") && strings.Contains(to.String(), "three\n") })
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
	late.drained = true // as it is until that is answered
	p.mu.Unlock()
	late.Move(q)
	say(t, e.Stdout, "four\n")
	until(t, "it is written", func() bool { return strings.Contains(from.String(), "four\n") })
	p.mu.Lock()
	late.drained = false
	p.mu.Unlock()
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
