package logs

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestExact has a file hold what was written, byte by byte: long lines, several lines at
// once, an end without a newline, bytes that are no text.
func TestExact(t *testing.T) {
	long := strings.Repeat("v", 3*MaxLine+17)
	for name, c := range map[string]struct{ say, want []string }{
		"a long line":            {[]string{long + "\n"}, nil},
		"in small pieces":        {[]string{long[:MaxLine-1], "\xc3", "\xa9", long, "\n"}, nil},
		"exactly a piece":        {[]string{long[:MaxLine], "\n", long[:2*MaxLine] + "\n"}, nil},
		"no newline at the end":  {[]string{"one\ntwo"}, nil},
		"long, without its end":  {[]string{"one\n" + long}, nil},
		"no newline at all":      {[]string{long + long + long}, nil},
		"carriage returns, NULs": {[]string{"\x00\r\n\r\x1b[2J\xff\n"}, nil},
		"only newlines":          {[]string{"\n\n\n"}, nil},
		"nothing":                {[]string{""}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			p, path := fileOf(t, newLogs(t, nil), Config{})
			s, e := attach(t, p, "svc")
			for _, text := range c.say {
				say(t, e.Stdout, text)
			}
			e.Close()
			drain(t, s)
			if got, want := read(path), strings.Join(c.say, ""); got != want {
				t.Errorf("%d bytes, want %d", len(got), len(want))
			}
		})
	}
}

// TestExactBeforeOthers ends a line whose writer has not, but only when somebody else writes.
func TestExactBeforeOthers(t *testing.T) {
	l := newLogs(t, nil)
	p, path := fileOf(t, l, Config{})
	run := func(p *Pump, out, errs string) {
		t.Helper()
		s, e := attach(t, p, "svc")
		say(t, e.Stdout, out)
		say(t, e.Stderr, errs)
		e.Close()
		drain(t, s)
	}
	want := func(text string) {
		t.Helper()
		if got := read(path); got != text {
			t.Errorf("the file has %q, want %q", got, text)
		}
	}
	run(p, "first", "")
	want("first")
	run(p, "second\n", "")
	want("first\nsecond\n")
	run(p, "third", "")
	p.Configure(Config{Format: JSON})
	run(p, "json\n", "")
	if got := read(path); !strings.HasPrefix(got, "first\nsecond\nthird\n{\"time\":") {
		t.Errorf("the file has %q", got)
	}
	p.Configure(Config{})
	run(p, "last", "")
	before := read(path)
	p.Close()
	<-p.finished
	q, err := l.File(path, Config{}) // as after a new start
	must(t, err)
	run(q, "again\n", "")
	want(before + "\nagain\n")
}

// TestExactRotation ends a line before the file is rotated, and never within.
func TestExactRotation(t *testing.T) {
	p, path := fileOf(t, newLogs(t, nil), Config{Rotation: Rotation{MaxSize: 10, Keep: 3}})
	long := strings.Repeat("x", 2*MaxLine)
	for _, text := range []string{"123456789", "abc\n", long + "\n", "end"} {
		s, e := attach(t, p, "svc")
		say(t, e.Stdout, text)
		e.Close()
		drain(t, s)
	}
	got := strings.Join([]string{read(path + ".3"), read(path + ".2"), read(path + ".1"), read(path)}, "|")
	if want := "123456789\n|abc\n|" + long + "\n|end"; got != want {
		t.Errorf("the files have %.100q, %d bytes, want %d", got, len(got), len(want))
	}
}

// TestExactTogether has both streams of two generations write long lines into one file at the
// same time: no line is torn.
func TestExactTogether(t *testing.T) {
	p, path := fileOf(t, newLogs(t, nil), Config{})
	line := func(writer, n int) string {
		return fmt.Sprintf("<%d.%d %s>\n", writer, n, strings.Repeat(string(rune('a'+writer)), 150_000+1000*n))
	}
	const lines = 10
	var writers sync.WaitGroup
	for i := range 2 {
		_, e := attach(t, p, "svc")
		var both sync.WaitGroup
		for j, fd := range []int{e.Stdout, e.Stderr} {
			both.Go(func() {
				for n := range lines {
					say(t, fd, line(2*i+j, n))
				}
			})
		}
		writers.Go(func() {
			both.Wait()
			e.Close()
		})
	}
	writers.Wait()
	until(t, "all is read", func() bool { return p.Stats().Sources == 0 })
	closeAll(t, p.logs)
	next := [4]int{}
	for got := range strings.Lines(read(path)) {
		var writer, n int
		if _, err := fmt.Sscanf(got, "<%d.%d ", &writer, &n); err != nil || got != line(writer, n) || n != next[writer] {
			t.Fatalf("torn: %.60q..., %d bytes", got, len(got))
		}
		next[writer]++
	}
	if next != [4]int{lines, lines, lines, lines} {
		t.Errorf("lines of each: %v", next)
	}
}

// TestEndlessLine waits for the end of a line no longer than it may: a program that writes
// no newlines to one stream is not kept from writing to the other.
func TestEndlessLine(t *testing.T) {
	p, path := fileOf(t, newLogs(t, nil), Config{})
	s, e := attach(t, p, "svc")
	begun := strings.Repeat("x", 2*MaxLine)
	say(t, e.Stdout, begun)
	until(t, "the beginning is written", func() bool { return strings.HasPrefix(read(path), "xx") })
	start := time.Now()
	say(t, e.Stderr, "error\n")
	until(t, "the other line is written", func() bool { return strings.Contains(read(path), "\nerror\n") })
	if waited := time.Since(start); waited > 5*time.Second {
		t.Errorf("it has waited for %v", waited)
	}
	say(t, e.Stdout, begun+"\nshort\n")
	say(t, e.Stderr, "error\n")
	e.Close()
	drain(t, s)
	got := read(path)
	if n := strings.Count(got, "x"); n != 4*MaxLine || strings.Count(got, "error\n") != 2 || !strings.Contains(got, "\nshort\n") {
		t.Errorf("%d bytes of the line, and %q", n, strings.ReplaceAll(got, "x", ""))
	}
}

// TestMoveOfUnfinished moves a source whose long line is begun: the file that has the
// beginning goes on with other lines, not with the rest of it.
func TestMoveOfUnfinished(t *testing.T) {
	l := newLogs(t, nil)
	p, path := fileOf(t, l, Config{})
	q, err := l.File(filepath.Dir(path)+"/other", Config{})
	must(t, err)
	s, e := attach(t, p, "svc")
	long := strings.Repeat("x", 2*MaxLine)
	say(t, e.Stdout, long)
	until(t, "the beginning is written", func() bool { return read(path) != "" })
	s.Move(q)
	until(t, "it has moved", func() bool { return s.pump.Load() == q })
	say(t, e.Stdout, "end\n")
	e.Close()
	drain(t, s)
	put(t, p, "next")
	whole := strings.TrimSuffix(read(path), "\nnext\n") + read(filepath.Dir(path)+"/other")
	if whole != long+"end\n" {
		t.Errorf("%d bytes, and %q", len(whole), strings.ReplaceAll(whole, "x", ""))
	}
}
