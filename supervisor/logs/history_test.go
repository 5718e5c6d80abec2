package logs

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// kept is the specification of what a history makes of a text.
func kept(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if len(line) > MaxKept {
			line = line[:pieceEnd([]byte(line), MaxKept-len(cutOff))] + cutOff
		}
		lines = append(lines, strings.TrimSuffix(line, "\r"))
	}
	return lines
}

func texts(lines []Line) []string {
	var t []string
	for _, l := range lines {
		t = append(t, l.Text)
	}
	return t
}

// end returns the last n lines, or as many as there are.
func end(lines []string, n int) []string { return lines[max(0, len(lines)-n):] }

func numbered(from, to int) (lines []string) {
	for i := from; i < to; i++ {
		lines = append(lines, fmt.Sprint("line ", i))
	}
	return lines
}

func TestKept(t *testing.T) {
	long := strings.Repeat("x", MaxKept+1)
	shorter := strings.Repeat("y", tailLine+1)
	many := strings.Join(numbered(0, 3000), "\n") + "\n"
	for _, c := range []struct {
		name       string
		text       string
		last, tail []string
	}{
		{"nothing", "", nil, nil},
		{"one", "a\n", []string{"a"}, []string{"a"}},
		{"empty lines", "\n\n", []string{"", ""}, []string{"", ""}},
		{"crlf", "a\r\nb\r\r\n", []string{"a", "b\r"}, []string{"a", "b\r"}},
		{"unfinished", "a\nb\r", []string{"a", "b"}, []string{"a", "b"}},
		{"bytes", "\x00\xff\x1b[31m\n\xc3\n", []string{"\x00\xff\x1b[31m", "\xc3"}, []string{"\x00\xff\x1b[31m", "\xc3"}},
		{"bounds", many, numbered(2000, 3000), numbered(2980, 3000)},
		{"longest line", long[1:] + "\n", []string{long[1:]}, []string{long[:tailLine-4] + cutOff}},
		{"longest of a tail", shorter[1:] + "\n" + shorter, []string{shorter[1:], shorter}, []string{shorter[1:], shorter[:tailLine-4] + cutOff}},
		{"too long", "a\n" + long + "\nb\n", []string{"a", long[:MaxKept-4] + cutOff, "b"}, []string{"a", long[:tailLine-4] + cutOff, "b"}},
		{
			"a character cut", long[:MaxKept-5] + "é" + long,
			[]string{long[:MaxKept-5] + cutOff},
			[]string{long[:tailLine-4] + cutOff},
		},
		{
			"longer than a pump reads", "a\n" + strings.Repeat("x", 3*MaxLine) + "\r\nb\n\nc",
			[]string{"a", long[:MaxKept-4] + cutOff, "b", "", "c"},
			[]string{"a", long[:tailLine-4] + cutOff, "b", "", "c"},
		},
	} {
		for _, sizes := range [][]byte{nil, {1}, {7, 1, 90}} {
			s := bare("svc", layout{}, newMemory())
			feedTo(s, c.text, sizes)
			if got := texts(s.history.lines(1 << 30)); !slices.Equal(got, c.last) {
				t.Errorf("%s, by %v: the last lines are %q, want %q", c.name, sizes, got, c.last)
			}
			if got := s.Tail(); !slices.Equal(got, c.tail) {
				t.Errorf("%s, by %v: the tail is %q, want %q", c.name, sizes, got, c.tail)
			}
		}
	}
}

// TestKeptBounds compares histories with plain lists of lines, and looks at their memory:
// alone, and where others have used up what there is for all.
func TestKeptBounds(t *testing.T) {
	for _, c := range []struct {
		name                string
		used                int64
		leastKept, mostKept int
	}{
		{"alone", 0, mostPage, 2 * mostPage},
		{"one of many", memoryBudget, leastPage, 2 * leastPage},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			var memory atomic.Int64
			memory.Store(c.used)
			h := &history{memory: &memory}
			var all []string
			for range 300 {
				var block strings.Builder
				for range 1 + r.IntN(1<<r.IntN(7)) {
					block.WriteString(strings.Repeat("y", r.IntN(1<<r.IntN(14))) + "\n")
				}
				all = append(all, kept(block.String())...)
				h.add([]byte(block.String()), origin{})

				got := texts(h.lines(1 << 30))
				if !slices.Equal(got, end(all, len(got))) {
					t.Fatalf("not the last %d lines", len(got))
				}
				size := len(strings.Join(got, "\n"))
				if len(got) < min(len(all), MaxLines) && size+len(got)*(1+trailerSize)+MaxKept < c.leastKept || size > c.mostKept {
					t.Fatalf("%d bytes are kept, of %d lines", size, len(got))
				}
				if pages := cap(h.page) + cap(h.last); pages > c.mostKept || memory.Load() != c.used+int64(pages) {
					t.Fatalf("%d bytes of memory; accounted for are %d", pages, memory.Load()-c.used)
				}
				if n := r.IntN(30); !slices.Equal(texts(h.lines(n)), end(got, n)) {
					t.Fatalf("not the last %d", n)
				}
				all = end(all, MaxLines)
			}
			h.forget()
			if memory.Load() != c.used || h.lines(1) != nil {
				t.Errorf("%d bytes of memory after it was forgotten", memory.Load()-c.used)
			}
		})
	}
}

// TestHistoryMemory: a service that is silent costs next to nothing, one that writes a
// little costs little, and hundreds that write much cost no more than a few megabytes.
func TestHistoryMemory(t *testing.T) {
	const services = 500
	l := &Logs{histories: map[string]*history{}}
	block := []byte(strings.Repeat(strings.Repeat("x", 99)+"\n", 600))
	total := func(write int) int64 {
		for i := range services {
			l.history(fmt.Sprint(i)).add(block[:write], origin{})
		}
		return l.memory.Load()
	}
	for _, c := range []struct {
		each int
		most int64
	}{{0, 0}, {200, services * 256}, {60000, memoryBudget + services*2*leastPage}, {60000, memoryBudget + services*2*leastPage}} {
		if got := total(c.each); got > c.most {
			t.Errorf("%d bytes of memory when each has written %d; want at most %d", got, c.each, c.most)
		}
	}
	for i := range services {
		l.Forget(fmt.Sprint(i))
	}
	if got := l.memory.Load(); got != 0 {
		t.Errorf("%d bytes of memory of nobody", got)
	}
}

// TestKeptOrigin: every line has its time, stream and generation.
func TestKeptOrigin(t *testing.T) {
	l := newLogs(t, nil)
	p := into(t, l, layout{}, newMemory())
	file, err := l.File(t.TempDir()+"/log", JSON, Rotation{})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := l.Last("svc", 9); ok {
		t.Error("there are lines of a service that nobody has attached")
	}
	start := time.Now()
	a, first := attach(t, p, "svc")
	if lines, ok := l.Last("svc", 9); !ok || lines != nil {
		t.Errorf("a service that wrote nothing: %v, %v", lines, ok)
	}
	say(t, first.Stderr, "a1\nunfinished")
	drain(t, a)
	b, second := attach(t, file, "svc")
	say(t, second.Stdout, "b1\nb2\n")
	second.Close()
	drain(t, b)
	say(t, first.Stderr, "a2\n") // of a process that its leader has left behind
	first.Close()
	drain(t, a)

	got, _ := l.Last("svc", 9)
	var lines []string
	for i, line := range got {
		lines = append(lines, line.Stream+" "+line.Text)
		before := start
		if i > 0 {
			before = got[i-1].Time
		}
		if line.Time.Before(before.Round(0)) || line.Time.After(time.Now()) {
			t.Errorf("line %d was written at %v", i, line.Time)
		}
	}
	want := []string{"stderr a1", "stderr unfinished", "stdout b1", "stdout b2", "stderr a2"}
	if !slices.Equal(lines, want) {
		t.Errorf("%q, want %q", lines, want)
	}
	if tail := a.Tail(); !slices.Equal(tail, []string{"a1", "unfinished", "a2"}) {
		t.Errorf("the first generation's tail: %q", tail)
	}
	if tail := b.Tail(); !slices.Equal(tail, []string{"b1", "b2"}) {
		t.Errorf("the second generation's tail: %q", tail)
	}
}

// FuzzHistory: whatever is written, in whatever pieces it arrives, a follower gets
// every line, and the last ones are kept.
func FuzzHistory(f *testing.F) {
	f.Add([]byte("a\nb\r\n\nlast"), []byte{1})
	f.Add([]byte("\x05x\x05y\nz\n"), []byte{255, 3})
	f.Add([]byte("\x06x\xc3\xa9\x05\n\x05y"), []byte{200, 1, 0})
	f.Add([]byte("\x04x\n\xe2\x98\x83\x04y\n\r\n"), []byte{64, 255})
	f.Fuzz(func(t *testing.T, in, sizes []byte) {
		s := bare("fuzz", layout{}, newMemory())
		var told []string
		s.pump.Load().logs.Follow("fuzz", 0, func(lines []Line) { told = append(told, texts(lines)...) })
		text := unfold(in)
		feedTo(s, text, sizes)
		want := kept(text)
		if !slices.Equal(told, want) {
			t.Fatalf("%d lines were told, want %d", len(told), len(want))
		}
		if last := texts(s.history.lines(1 << 30)); !slices.Equal(last, end(want, len(last))) || len(last) == 0 && len(want) > 0 {
			t.Fatalf("the last %d lines are wrong", len(last))
		}
	})
}
