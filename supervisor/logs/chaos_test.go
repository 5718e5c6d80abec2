package logs

import (
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// moody is a small pipe that takes less than it is given, or nothing.
type moody struct {
	*console
	r *rand.Rand
}

func (m *moody) write(b []byte) (int, error) {
	switch m.r.IntN(100) {
	case 0:
		return 0, unix.EINTR
	case 1:
		return 0, unix.ENOSPC
	default:
		return m.console.write(b[:1+m.r.IntN(len(b))])
	}
}

// TestChaos: whatever a destination does, and whatever is asked for meanwhile, every line
// arrives, and nobody waits for ever.
func TestChaos(t *testing.T) {
	const services, lines = 20, 100
	l := newLogs(t, func(Trouble) {})
	r, w, closeW := pipe(t)
	c, err := openConsole(w, "the test")
	if err != nil {
		t.Fatal(err)
	}
	p := into(t, l, layout{named: true, width: 5}, &moody{console: c, r: rand.New(rand.NewPCG(1, 2))})
	text := make(chan string)
	go func() {
		var b strings.Builder
		random, buf := rand.New(rand.NewPCG(3, 4)), make([]byte, 8192)
		for {
			n, err := r.Read(buf[:1+random.IntN(len(buf))])
			b.Write(buf[:n])
			if err == io.EOF {
				text <- b.String()
				return
			}
		}
	}()

	done := make(chan bool)
	var meddlers sync.WaitGroup
	for i := range 2 {
		meddlers.Go(func() { meddle(p, rand.New(rand.NewPCG(5, uint64(i))), done) })
	}
	var writers sync.WaitGroup
	size := 0
	for i := range services {
		s, e := attach(t, p, fmt.Sprint("svc", i))
		script := script{uint64(i), lines, 5000}
		for stream, fd := range []int{e.Stdout, e.Stderr} {
			text := strings.Join(script.lines(stream), "\n")
			size += len(text)
			writers.Go(func() { say(t, fd, text) })
		}
		writers.Go(func() {
			<-done
			e.Close()
			drain(t, s)
		})
	}
	until(t, "most is written", func() bool { return p.Stats().Bytes >= uint64(size) })
	close(done)
	meddlers.Wait()
	writers.Wait()
	closeAll(t, l)
	closeW()

	var ours strings.Builder
	for line := range strings.Lines(<-text) {
		if strings.HasPrefix(line, "svc") {
			ours.WriteString(line)
		} else if line != "own\n" && line != "other | own\n" {
			t.Fatalf("torn: %.100q", line)
		}
	}
	tr := transcript{}
	tr.readText(t, "either", ours.String())
	tr.part(t, services)
	for i := range services {
		tr.check(t, fmt.Sprint("svc", i), "stdout", script{uint64(i), lines, 5000}.lines(0))
		tr.check(t, fmt.Sprint("svc", i), "stderr", script{uint64(i), lines, 5000}.lines(1))
	}
}

// meddle asks a pump for this and that until done.
func meddle(p *Pump, r *rand.Rand, done chan bool) {
	for {
		select {
		case <-done:
			return
		default:
		}
		switch r.IntN(4) {
		case 0:
			p.Reopen()
		case 1:
			_, _ = p.Write([]byte("own"))
		case 2:
			p.Stats()
		case 3:
			s, e, err := p.Attach("other")
			if err != nil {
				continue
			}
			_, _ = unix.Write(e.Stdout, []byte("own"))
			s.Tail()
			s.Close()
			e.Close()
		}
	}
}

// TestMoveChaos moves sources among pumps that fail now and then, and drains and reopens
// meanwhile: every line arrives once, at each pump in the order in which it was written.
func TestMoveChaos(t *testing.T) {
	const services, lines = 6, 10000
	l := newLogs(t, func(Trouble) {})
	var memories []*memory
	var pumps []*Pump
	for i := range 3 {
		m := newMemory()
		memories = append(memories, m)
		pumps = append(pumps, into(t, l, layout{}, &faulty{m, rand.New(rand.NewPCG(6, uint64(i)))}))
	}
	var all sync.WaitGroup
	for i := range services {
		s, e := attach(t, pumps[0], fmt.Sprint("svc", i))
		ended := make(chan bool)
		all.Go(func() { shove(t, s, pumps, rand.New(rand.NewPCG(7, uint64(i))), ended) })
		all.Go(func() {
			for n := range lines {
				say(t, []int{e.Stdout, e.Stderr}[n%2], fmt.Sprintf("%d.%d %d\n", i, n%2, n)) // whole, for a drain may end it
			}
			e.Close()
			close(ended)
		})
	}
	all.Wait()
	closeAll(t, l)

	count := 0
	for _, m := range memories {
		last := map[string]int{}
		for line := range strings.Lines(m.String()) {
			stream, number, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			n, err := strconv.Atoi(number)
			if before, some := last[stream]; err != nil || some && n <= before {
				t.Fatalf("line %q comes behind %d", line, before)
			}
			last[stream] = n
			count++
		}
	}
	if count != services*lines {
		t.Errorf("%d lines of %d", count, services*lines)
	}
}

// faulty is a memory that takes less than it is given, or nothing.
type faulty struct {
	*memory
	r *rand.Rand
}

func (f *faulty) write(b []byte) (int, error) {
	if f.r.IntN(200) == 0 {
		return 0, unix.ENOSPC
	}
	return f.memory.write(b[:1+f.r.IntN(len(b))])
}

// shove moves, drains and reopens until the source has ended.
func shove(t *testing.T, s *Source, pumps []*Pump, r *rand.Rand, ended chan bool) {
	over := func() bool {
		select {
		case <-ended:
			return true
		default:
			return false
		}
	}
	for !over() {
		p := pumps[r.IntN(len(pumps))]
		switch r.IntN(8) {
		case 0:
			drain(t, s)
		case 1:
			s.Drain(patience, func(Drained) {})
			s.Move(p)
		case 2:
			p.Reopen()
		default: // again and again, for a drain prevents it
			until(t, "it moves", func() bool { s.Move(p); return s.pump.Load() == p || over() })
		}
	}
}
