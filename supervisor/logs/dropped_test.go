package logs

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// droppingLogs is newLogs for tests in which lines are dropped: what was, is added up.
func droppingLogs(t *testing.T) (l *Logs, dropped func() uint64) {
	t.Helper()
	news := make(chan Trouble, 1000)
	l, err := New(Options{Report: func(n Trouble) { news <- n }})
	must(t, err)
	t.Cleanup(func() { closeAll(t, l) })
	sum := uint64(0)
	return l, func() uint64 {
		for {
			select {
			case n := <-news:
				if n.Service != "" && n.Service != "dropper" {
					t.Errorf("lines of %s are dropped", n.Service)
				}
				sum += n.DroppedLines
			default:
				return sum
			}
		}
	}
}

// TestDrop has a destination take nothing: who writes does not wait, whole lines are dropped,
// counted and told, and those that are kept are the first ones and those of later.
func TestDrop(t *testing.T) {
	l, dropped := droppingLogs(t)
	m := newMemory()
	m.full.Store(true)
	p := into(t, l, layout{}, m)
	s, e := attach(t, p, "dropper")
	s.Drop(true)
	const lines = 100_000
	for i := range lines {
		say(t, e.Stdout, fmt.Sprintf("line %d\n", i))
	}
	until(t, "all is read", func() bool { return p.Stats().HeldLines+int64(p.Stats().DroppedLines) == lines })
	m.full.Store(false)
	say(t, e.Stdout, "the last\n")
	e.Close()
	drain(t, s)
	if d := s.Tail(); d[len(d)-1] != "the last" {
		t.Errorf("the tail is %q", d)
	}
	last, kept := -1, 0
	for line := range strings.Lines(m.String()) {
		n := 0
		if line == "the last\n" {
			n = lines
		} else if _, err := fmt.Sscanf(line, "line %d\n", &n); err != nil || n <= last {
			t.Fatalf("line %q behind %d", line, last)
		}
		last = n
		kept++
	}
	stats := p.Stats()
	if kept+int(stats.DroppedLines) != lines+1 || stats.DroppedLines == 0 || last != lines || stats.LostLines != 0 {
		t.Errorf("%d lines are kept, the last is %d; %+v", kept, last, stats)
	}
	closeAll(t, l)
	if n := dropped(); n != stats.DroppedLines {
		t.Errorf("%d lines are told, %d were dropped", n, stats.DroppedLines)
	}
}

// TestDropOthersWait has one service drop and another wait at the same console, which nobody
// reads for some time. Nothing of the other is lost.
func TestDropOthersWait(t *testing.T) {
	l, dropped := droppingLogs(t)
	r, w, closeW := pipe(t)
	p, err := l.Console(Console{Stdout: w, Stderr: w, Width: 7})
	must(t, err)
	d, dropper := attach(t, p, "dropper")
	d.Drop(true)
	s, waiter := attach(t, p, "waiter")
	const lines = 40_000
	wrote := make(chan bool)
	go func() {
		for i := range lines {
			say(t, waiter.Stdout, fmt.Sprintf("%d\n", i))
		}
		waiter.Close()
		close(wrote)
	}()
	until(t, "the console is stuck", func() bool { return p.Stats().Stuck })
	text := strings.Repeat("dropped, perhaps\n", 100)
	for range lines / 100 {
		say(t, dropper.Stdout, text)
	}
	dropper.Close()
	select {
	case <-wrote:
		t.Error("the other did not have to wait")
	default:
	}
	all := make(chan string)
	go func() {
		b, _ := io.ReadAll(r)
		all <- string(b)
	}()
	<-wrote
	drain(t, s)
	drain(t, d)
	closeAll(t, l)
	closeW()
	next, kept := 0, 0
	for line := range strings.Lines(<-all) {
		switch {
		case line == fmt.Sprintf("waiter  | %d\n", next):
			next++
		case line == "dropper | dropped, perhaps\n":
			kept++
		default:
			t.Fatalf("line %q, want %d of the waiter", line, next)
		}
	}
	if n := int(dropped()); next != lines || n == 0 || kept+n != lines {
		t.Errorf("%d lines of the waiter, %d are kept of the other and %d dropped", next, kept, n)
	}
}

// TestDropLongLine drops all of a line that is too long to be kept, or nothing.
func TestDropLongLine(t *testing.T) {
	for _, shape := range []layout{{}, {named: true}, {format: JSON}} {
		l, _ := droppingLogs(t)
		m := newMemory()
		m.full.Store(true)
		p := into(t, l, shape, m)
		s, e := attach(t, p, "dropper")
		s.Drop(true)
		long := strings.Repeat("x", 5*MaxLine)
		for range 10 {
			say(t, e.Stdout, long+"\n")
		}
		say(t, e.Stdout, long)
		until(t, "all is read", func() bool {
			n, _ := unix.IoctlGetInt(s.streams[0].fd, unix.TIOCINQ)
			return n == 0 && p.Stats().Stuck && p.Stats().DroppedLines > 0
		})
		m.full.Store(false)
		p.Reopen()
		until(t, "it takes lines again", func() bool { return p.Stats().Held == 0 })
		say(t, e.Stdout, "still the long one\nshort\n")
		e.Close()
		drain(t, s)
		got := m.String()
		for line := range strings.Lines(got) {
			if n := strings.Count(line, "x"); !strings.Contains(line, "short") && n < MaxLine {
				t.Errorf("%+v: a line has %d bytes of the long one: %.60q", shape, n, line)
			}
		}
		if !strings.Contains(got, "short") || strings.Contains(got, "still") {
			t.Errorf("%+v: the end is %.200q", shape, got[max(0, len(got)-200):])
		}
	}
}

// TestDropLive takes the setting back while the destination is stuck: what comes then waits.
func TestDropLive(t *testing.T) {
	l, _ := droppingLogs(t)
	m := newMemory()
	m.full.Store(true)
	p := into(t, l, layout{}, m)
	s, e := attach(t, p, "dropper")
	s.Drop(true)
	say(t, e.Stdout, strings.Repeat("dropped\n", 100_000))
	until(t, "lines are dropped", func() bool { return p.Stats().DroppedLines > 0 })
	s.Drop(false)
	before := p.Stats().DroppedLines
	say(t, e.Stdout, "waits\n")
	m.full.Store(false)
	p.Reopen()
	e.Close()
	drain(t, s)
	if got := m.String(); !strings.HasSuffix(got, "\nwaits\n") || before == 0 {
		t.Errorf("the end is %q", got[max(0, len(got)-50):])
	}
}

// TestDropAtTheEnd gives up a stuck destination without waiting for who drops.
func TestDropAtTheEnd(t *testing.T) {
	l, err := New(Options{})
	must(t, err)
	m := newMemory()
	m.full.Store(true)
	p := into(t, l, layout{}, m)
	s, e := attach(t, p, "dropper")
	s.Drop(true)
	say(t, e.Stdout, strings.Repeat("line\n", 100_000))
	e.Close()
	done := make(chan Drained, 1)
	s.Drain(patience, func(d Drained) { done <- d })
	if d := <-done; !d.Complete {
		t.Error("the drain waits for the destination")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if err := l.Close(ctx); err == nil {
		t.Error("what is held is not told")
	}
}

// TestNowhere keeps the last lines of what it does not write.
func TestNowhere(t *testing.T) {
	p, err := newLogs(t, nil).Nowhere()
	must(t, err)
	s, e := attach(t, p, "svc")
	say(t, e.Stdout, strings.Repeat("line\n", 100_000)+"the last\n")
	e.Close()
	if d := drain(t, s); d.Tail[len(d.Tail)-1] != "the last" {
		t.Errorf("the tail is %q", d.Tail)
	}
}
