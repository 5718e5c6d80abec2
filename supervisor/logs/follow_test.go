package logs

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
)

// heard is what a follower has been told. Its collect is called by one goroutine at a time.
type heard struct {
	mu    sync.Mutex
	lines []Line
}

func (h *heard) collect(lines []Line) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lines = append(h.lines, lines...)
}

func (h *heard) all() []Line {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.lines)
}

// stretch is what a follower was told who asked for n lines when there was before.
type stretch struct {
	before []Line
	n      int
	lines  []Line
}

// TestFollowExactlyOnce: while the generations of a service write, into the console and
// into a file at once, followers come and go. Each has a stretch of all lines without a
// gap, a repetition or an exchange, which begins with as many of the last lines as it asked for.
func TestFollowExactlyOnce(t *testing.T) {
	const generations, lines, followers = 4, 400, 6
	l := newLogs(t, nil)
	console := into(t, l, layout{named: true}, newMemory())
	file, err := l.File(t.TempDir()+"/log", Config{})
	if err != nil {
		t.Fatal(err)
	}
	var everything heard
	stop := l.Follow("svc", 0, everything.collect)

	done := make(chan bool)
	var comers sync.WaitGroup
	stretches := make(chan stretch, followers*2000)
	for i := range followers {
		r := rand.New(rand.NewPCG(1, uint64(i)))
		comers.Go(func() {
			for range 2000 {
				select {
				case <-done:
					return
				default:
				}
				var own heard
				n := r.IntN(50)
				before, _ := l.Last("svc", 1)
				stop := l.Follow("svc", n, own.collect)
				l.Last("svc", r.IntN(2000))
				stop()
				stop()
				stretches <- stretch{before, n, own.all()}
			}
		})
	}
	var writers sync.WaitGroup
	for i := range generations {
		s, e := attach(t, []*Pump{console, file}[i%2], "svc")
		var streams sync.WaitGroup
		for stream, fd := range []int{e.Stdout, e.Stderr} {
			text := strings.Join(script{uint64(i), lines, 5000}.lines(stream), "\n")
			streams.Go(func() { say(t, fd, text) })
		}
		writers.Go(func() {
			streams.Wait()
			e.Close()
			drain(t, s)
		})
	}
	writers.Wait()
	close(done)
	comers.Wait()
	close(stretches)
	stop()

	all := everything.all()
	order(t, all, generations, lines)
	at := map[Line]int{}
	for i, line := range all {
		at[line] = i
	}
	for s := range stretches {
		seen := 0 // lines, before the follower came
		if len(s.before) > 0 {
			seen = at[s.before[0]] + 1
		}
		if len(s.lines) < min(s.n, seen) {
			t.Fatalf("%d lines for a follower who asked for %d of %d", len(s.lines), s.n, seen)
		}
		if len(s.lines) == 0 {
			continue
		}
		first := at[s.lines[0]]
		if first < seen-s.n {
			t.Fatalf("a follower who asked for %d lines of %d begins with line %d", s.n, seen, first)
		}
		if !slices.Equal(s.lines, all[first:min(first+len(s.lines), len(all))]) {
			t.Fatalf("the %d lines from %d on are not what a follower was told", len(s.lines), first)
		}
	}
	last, _ := l.Last("svc", 100)
	if !slices.Equal(last, all[len(all)-len(last):]) {
		t.Error("what is kept is not what was told")
	}
}

// order checks that all lines of the scripts are there once, those of a stream in order.
func order(t *testing.T, all []Line, generations, lines int) {
	t.Helper()
	next := map[string]int{}
	for _, line := range all {
		var seed, stream, i int
		if _, err := fmt.Sscanf(line.Text, "%d.%d.%d ", &seed, &stream, &i); err != nil {
			t.Fatalf("torn: %.100q", line.Text)
		}
		key := fmt.Sprint(seed, line.Stream)
		if want := []string{"stdout", "stderr"}[stream]; i != next[key] || line.Stream != want {
			t.Fatalf("line %d of stream %s comes where %d should: %.100q", i, line.Stream, next[key], line.Text)
		}
		next[key]++
	}
	if len(all) != generations*2*lines {
		t.Errorf("%d lines, want %d", len(all), generations*2*lines)
	}
}

// TestFollow: the last lines come at once, before a service starts nothing does, and
// after stop and Forget nothing of the new ones.
func TestFollow(t *testing.T) {
	l := newLogs(t, nil)
	p := into(t, l, layout{}, newMemory())
	var early, late, forgotten heard
	stopEarly := l.Follow("svc", 5, early.collect)

	s, e := attach(t, p, "svc")
	say(t, e.Stdout, "1\n2\n3\n")
	drain(t, s)
	stopLate := l.Follow("svc", 2, late.collect)
	defer stopLate()
	if got := texts(late.all()); !slices.Equal(got, []string{"2", "3"}) {
		t.Errorf("the last two lines are %q", got)
	}
	say(t, e.Stdout, "4\n")
	drain(t, s)
	stopEarly()
	say(t, e.Stdout, "5\n")
	drain(t, s)

	stopForgotten := l.Follow("svc", 0, forgotten.collect)
	defer stopForgotten()
	l.Forget("svc")
	l.Forget("svc")
	if lines, ok := l.Last("svc", 9); ok || lines != nil {
		t.Errorf("of a forgotten service there is %q", texts(lines))
	}
	fresh, other := attach(t, p, "svc")
	say(t, other.Stdout, "new\n")
	other.Close()
	drain(t, fresh)
	say(t, e.Stdout, "old\n")
	e.Close()
	drain(t, s)

	last, _ := l.Last("svc", 9)
	for _, c := range []struct {
		name string
		got  []Line
		want []string
	}{
		{"who came first", early.all(), []string{"1", "2", "3", "4"}},
		{"who came late", late.all(), []string{"2", "3", "4", "5", "old"}},
		{"who followed what was forgotten", forgotten.all(), []string{"old"}},
		{"the new service", last, []string{"new"}},
	} {
		if got := texts(c.got); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	if tail := s.Tail(); !slices.Equal(tail, []string{"old"}) {
		t.Errorf("the tail of a forgotten service: %q", tail)
	}
}
