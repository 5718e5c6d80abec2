package logs

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestPace follows streams through what is read of them: how much, how long after the last read.
func TestPace(t *testing.T) {
	const (
		watched = time.Duration(-1) // and the lengths of rests and of naps, 0 for none
		ms      = time.Millisecond
	)
	type read struct {
		gap  time.Duration
		size int32
		want time.Duration
	}
	for name, reads := range map[string][]read{
		"rarely":                 {{rare + 1, 100, watched}, {rare + 1, 1, watched}},
		"rarely, but much":       {{rare + 1, pipeSize / 2, 0}, {0, 0, watched}, {rare + 1, 100, watched}},
		"often":                  {{ms, 100, ms}, {ms, 100, 2 * ms}, {2 * ms, 100, 4 * ms}, {4 * ms, 100, 8 * ms}, {8 * ms, 100, lastRest}, {lastRest, 100, lastRest}},
		"late after a rest":      {{ms, 100, ms}, {rare * 2, 100, 2 * ms}},
		"in vain":                {{ms, 100, ms}, {ms, 0, watched}, {ms, 100, 2 * ms}, {2 * ms, 0, watched}, {rare + 1, 100, watched}, {ms, 100, ms}},
		"steadily":               {{ms, 100, ms}, {ms, pipeSize / 4, ms}, {ms, pipeSize/2 - 1, ms}},
		"more and more, at once": {{ms, 100, ms}, {ms, pipeSize / 2, 0}, {0, pipeSize / 2, 0}, {0, 100, ms / 4}, {ms / 4, 100, ms / 2}, {ms / 2, 100, ms}},
		"less and less":          {{ms, 100, ms}, {ms, pipeSize / 2, 0}, {0, 0, watched}, {ms, 100, 2 * ms}},
	} {
		t.Run(name, func(t *testing.T) {
			s, now := stream{fd: -1}, time.Hour
			for i, r := range append([]read{{time.Hour, 100, watched}}, reads...) {
				now += r.gap
				s.pace.size = r.size
				got, again := s.pause(now, true)
				switch {
				case s.pace.rests && again:
					t.Errorf("read %d: it rests, and is to be read", i)
				case s.pace.rests:
					got = s.pace.rest
				case !again:
					got = watched
				}
				if got != r.want {
					t.Errorf("read %d: %v, want %v", i, got, r.want)
				}
			}
		})
	}
}

// TestPaceOfMany never naps: the pumps of many busy streams would each need a thread.
func TestPaceOfMany(t *testing.T) {
	s := stream{fd: -1, pace: pace{last: time.Hour}}
	for _, size := range []int32{100, pipeSize, pipeSize, 100} {
		s.pace.size = size
		if _, again := s.pause(time.Hour, false); again || !s.pace.rests {
			t.Errorf("%d bytes: it does not rest: %+v", size, s.pace)
		}
	}
}

// atRest writes lines until the stream rests, and returns how many.
func atRest(t *testing.T, l *Logs, s *stream, fd int) (lines int) {
	t.Helper()
	until(t, "the stream rests", func() bool {
		say(t, fd, fmt.Sprintln(lines))
		lines++
		l.poll.rests.mu.Lock()
		defer l.poll.rests.mu.Unlock()
		return slices.Contains(l.poll.rests.streams, s)
	})
	return lines
}

// TestRest reads what is written to a stream that is not watched, each line once and in order,
// and afterwards has nothing tick.
func TestRest(t *testing.T) {
	l := newLogs(t, nil)
	p, path := fileOf(t, l, Config{})
	s, e := attach(t, p, "svc")
	defer e.Close()
	n := atRest(t, l, &s.streams[0], e.Stdout)
	say(t, e.Stdout, "the last one\n")
	var want strings.Builder
	for i := range n {
		fmt.Fprintln(&want, i)
	}
	want.WriteString("the last one\n")
	until(t, "all is written", func() bool { return read(path) == want.String() })
	until(t, "no stream rests, and nothing looks at the pumps", func() bool {
		r := l.poll.rests
		r.mu.Lock()
		defer r.mu.Unlock()
		l.poll.mu.Lock()
		defer l.poll.mu.Unlock()
		return len(r.streams) == 0 && r.alarm == 0 && !l.poll.turns.looks
	})
	say(t, e.Stdout, "after a pause\n")
	want.WriteString("after a pause\n")
	until(t, "it is watched again", func() bool { return read(path) == want.String() })
}

// TestRestInterrupted drains, moves and closes a source whose stream rests: none waits for that,
// and nothing is lost.
func TestRestInterrupted(t *testing.T) {
	for name, interrupt := range map[string]func(*Source, *Pump){
		"drained": func(s *Source, _ *Pump) { drain(t, s) },
		"moved":   func(s *Source, to *Pump) { s.Move(to); drain(t, s) },
		"closed":  func(s *Source, _ *Pump) { s.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLogs(t, nil)
			one, other := newMemory(), newMemory()
			p, q := into(t, l, layout{}, one), into(t, l, layout{}, other)
			s, e := attach(t, p, "svc")
			n := atRest(t, l, &s.streams[0], e.Stdout)
			interrupt(s, q)
			s.Close()
			e.Close()
			until(t, "it is closed", func() bool { return p.Stats().Sources+q.Stats().Sources == 0 })
			closeAll(t, l)
			if got := strings.Count(one.String()+other.String(), "\n"); got != n {
				t.Errorf("%d lines, want %d", got, n)
			}
		})
	}
}

// TestLatest has lines come one by one, a few a rest, and watches for when they are passed on.
// The bound says nothing of how quick that is: see internal/bench.
func TestLatest(t *testing.T) {
	const lines = 300
	l := newLogs(t, nil)
	p, _ := fileOf(t, l, Config{})
	_, e := attach(t, p, "svc")
	defer e.Close()
	passed := make(chan bool)
	n := 0
	stop := l.Follow("svc", 0, func(all []Line) {
		for _, line := range all {
			var number int
			var wrote int64
			_, err := fmt.Sscan(line.Text, &number, &wrote)
			if late := time.Since(time.Unix(0, wrote)); err != nil || number != n || late > patience/2 {
				t.Errorf("line %q came after %v, want %d, %v", line.Text, late, n, err)
			}
			n++
		}
		if n == lines {
			close(passed)
		}
	})
	tick := time.NewTicker(500 * time.Microsecond)
	defer tick.Stop()
	for i := range lines {
		<-tick.C
		say(t, e.Stdout, fmt.Sprintln(i, time.Now().UnixNano()))
	}
	select {
	case <-passed:
	case <-time.After(patience):
		t.Fatal("not all lines were passed on")
	}
	stop()
}

// TestBusy floods one stream and then many at once, each into a file that is rotated: every line
// is there, in order, and none is torn.
func TestBusy(t *testing.T) {
	for _, services := range []int{1, 8} {
		t.Run(fmt.Sprint(services), func(t *testing.T) {
			const size, keep = 4 << 20, 100
			l := newLogs(t, nil)
			for i := range services {
				p, path := fileOf(t, l, Config{Rotation: Rotation{MaxSize: 300_000, Keep: keep}})
				s, e := attach(t, p, fmt.Sprint("svc", i))
				var text strings.Builder
				for n, r := 0, rand.New(rand.NewPCG(9, uint64(i))); text.Len() < size; n++ {
					fmt.Fprintf(&text, "%d %s\n", n, strings.Repeat("x", r.IntN(200)*r.IntN(20)))
				}
				t.Cleanup(func() {
					var got strings.Builder
					for i := keep; i >= 0; i-- {
						part := read(rotatedName(path, i))
						if part != "" && !strings.HasSuffix(part, "\n") {
							t.Errorf("%s ends within a line", rotatedName(path, i))
						}
						got.WriteString(part)
					}
					if got.String() != text.String() {
						t.Errorf("%d bytes, want %d, or others", got.Len(), text.Len())
					}
				})
				done := make(chan bool)
				go func() {
					say(t, e.Stdout, text.String())
					e.Close()
					close(done)
				}()
				t.Cleanup(func() { <-done; drain(t, s) }) // before the files are read
			}
		})
	}
}

// TestHungTurn: a pump that hangs while it works on the poller's goroutine does not hold up
// others, nor do several.
func TestHungTurn(t *testing.T) {
	l := newLogs(t, nil)
	hung, release := make(chan bool), make(chan bool)
	var memories []*memory
	for i := range 3 {
		m := newMemory()
		memories = append(memories, m)
		p := into(t, l, layout{}, &hook{m, func() { hung <- true; <-release }})
		_, e := attach(t, p, fmt.Sprint("hangs", i))
		defer e.Close()
		say(t, e.Stdout, "a line\n")
		<-hung
	}
	p, path := fileOf(t, l, Config{})
	_, e := attach(t, p, "other")
	defer e.Close()
	say(t, e.Stdout, "not held up\n")
	until(t, "the other's line is written", func() bool { return read(path) != "" })
	close(release)
	for _, m := range memories {
		until(t, "the line is written", func() bool { return m.String() == "a line\n" })
	}
}

// TestLastKept: what is left out of a large read would not have been kept.
func TestLastKept(t *testing.T) {
	r := rand.New(rand.NewPCG(10, 0))
	for range 60 {
		var data bytes.Buffer
		for size, most := r.IntN(readSize), 1+r.IntN(1<<(1+r.IntN(13))); data.Len() < size; {
			fmt.Fprintf(&data, "%d %s\n", data.Len(), strings.Repeat("x", r.IntN(most)))
		}
		skips, whole := bare("svc", layout{}, newMemory()).history, bare("svc", layout{}, newMemory()).history
		whole.followers = append(whole.followers, &follower{func([]Line) {}})
		before := bytes.Repeat([]byte("before\n"), r.IntN(6000))
		for _, h := range []*history{skips, whole} {
			h.add(before, origin{})
			h.add(data.Bytes(), origin{})
		}
		got, want := texts(skips.lines(MaxLines)), texts(whole.lines(MaxLines))
		n := min(len(got), len(want)) // where the records end differs, and with it how many there are
		if len(want) > 0 && n < len(want)/2 || !slices.Equal(got[len(got)-n:], want[len(want)-n:]) {
			t.Fatalf("%d lines are kept of %d, or others", len(got), len(want))
		}
	}
}
