package logs

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestDrain: the callback comes after everything is written, with the last lines.
func TestDrain(t *testing.T) {
	for _, c := range []struct {
		name      string
		out, errs string
		want      string
		tail      []string
	}{
		{"nothing", "", "", "", nil},
		{"a line", "hello\n", "", "svc | hello\n", []string{"hello"}},
		{"no newline", "hello", "", "svc | hello\n", []string{"hello"}},
		{"both without newline", "out", "err", "svc | out\nsvc | err\n", []string{"out", "err"}},
		{"much", strings.Repeat("0123456\n", 7000), "", strings.Repeat("svc | 0123456\n", 7000), slices.Repeat([]string{"0123456"}, TailLines)},
	} {
		for _, open := range []bool{false, true} {
			name := c.name + ", closed"
			if open {
				name = c.name + ", held open"
			}
			t.Run(name, func(t *testing.T) {
				l := newLogs(t, nil)
				m := newMemory()
				p := into(t, l, layout{named: true}, m)
				s, e := attach(t, p, "svc")
				say(t, e.Stdout, c.out)
				say(t, e.Stderr, c.errs)
				if open {
					defer e.Close()
				} else {
					e.Close()
				}
				d := drain(t, s)
				if got := m.String(); got != c.want {
					t.Errorf("written: %.100q, want %.100q", got, c.want)
				}
				if !slices.Equal(d.Tail, c.tail) {
					t.Errorf("tail: %q, want %q", d.Tail, c.tail)
				}
			})
		}
	}
}

// TestGrandchild: a process that was left behind with the pipes delays nothing, and what
// it writes later is read as well.
func TestGrandchild(t *testing.T) {
	l := newLogs(t, nil)
	m := newMemory()
	p := into(t, l, layout{named: true}, m)
	s, e := attach(t, p, "svc")
	r, hold, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	own, err := unix.FcntlInt(uintptr(e.Stdout), unix.F_DUPFD_CLOEXEC, 0) // as a grandchild has it
	if err != nil {
		t.Fatal(err)
	}
	c := start(t, e, "grandchild", r)
	r.Close()
	if err := c.Wait(); err != nil {
		t.Fatal(err)
	}
	drain(t, s)
	if got := m.String(); got != "svc | before\nsvc | after\n" {
		t.Errorf("after the exit: %q", got)
	}
	if p.Stats().Sources != 1 {
		t.Error("the pipe is not read any more")
	}
	say(t, own, "later\n")
	unix.Close(own)
	hold.Close()
	until(t, "the grandchild ends", func() bool { return p.Stats().Sources == 0 })
	closeAll(t, l)
	if got := m.String(); got != "svc | before\nsvc | after\nsvc | later\n" {
		t.Errorf("at the end: %q", got)
	}
}

// TestSourceClose: what is in the pipes is written, then writers get EPIPE.
func TestSourceClose(t *testing.T) {
	l := newLogs(t, nil)
	m := newMemory()
	p := into(t, l, layout{}, m)
	s, e := attach(t, p, "svc")
	defer e.Close()
	say(t, e.Stdout, "line\nend")
	s.Close()
	until(t, "the source is closed", func() bool { return p.Stats().Sources == 0 })
	if n, err := unix.Write(e.Stdout, []byte("x")); err != unix.EPIPE {
		t.Errorf("write: %d, %v", n, err)
	}
	if got := m.String(); got != "line\nend\n" {
		t.Errorf("written: %q", got)
	}
	drain(t, s) // of a closed source: at once
}

// TestDrainOfStuckPump: the callback does not wait for a destination that is stuck, and
// comes once; nothing is lost.
func TestDrainOfStuckPump(t *testing.T) {
	news := make(chan Trouble, 8)
	l := newLogs(t, func(n Trouble) { news <- n })
	m := newMemory()
	m.full.Store(true)
	p := into(t, l, layout{}, m)
	s, e := attach(t, p, "svc")
	say(t, e.Stdout, "seen\n")
	<-news
	until(t, "parked", func() bool { return p.Stats().Stuck })
	say(t, e.Stdout, "unseen")
	e.Close()
	calls := make(chan Drained, 2)
	s.Drain(time.Nanosecond, func(d Drained) { calls <- d })
	if d := <-calls; d.Complete || !slices.Equal(d.Tail, []string{"seen"}) {
		t.Errorf("drained: %+v", d)
	}
	m.full.Store(false)
	p.Reopen()
	drain(t, s)
	if got := m.String(); got != "seen\nunseen\n" || len(calls) != 0 {
		t.Errorf("written: %q, and %d more calls", got, len(calls))
	}
}

// TestDrainOfClosedPump: the callback comes all the same.
func TestDrainOfClosedPump(t *testing.T) {
	l := newLogs(t, nil)
	p := into(t, l, layout{}, newMemory())
	s, e := attach(t, p, "svc")
	say(t, e.Stdout, "line\n")
	e.Close()
	closeAll(t, l)
	if d := drain(t, s); !slices.Equal(d.Tail, []string{"line"}) {
		t.Errorf("drained: %+v", d)
	}
}

// TestUndrained: a service that ends at once, again and again, does not use up all
// descriptors when its output cannot be written.
func TestUndrained(t *testing.T) {
	l := newLogs(t, func(Trouble) {})
	m := newMemory()
	m.full.Store(true)
	p := into(t, l, layout{}, m)
	var err error
	calls := make(chan Drained, 100)
	n := 0
	for ; n < 100; n++ {
		s, e, failed := p.Attach("svc")
		if err = failed; err != nil {
			break
		}
		say(t, e.Stdout, "line\n")
		e.Close()
		s.Drain(patience, func(d Drained) { calls <- d })
		s.Close() // is not counted twice
	}
	want := `cannot read the output of service "svc": the test takes nothing, and the output of 16 generations waits for it`
	if n != maxUndrained || err == nil || err.Error() != want {
		t.Errorf("after %d generations: %v", n, err)
	}
	if _, e, err := p.Attach("other"); err != nil {
		t.Error(err)
	} else {
		e.Close()
	}
	m.full.Store(false)
	p.Reopen()
	for range n {
		<-calls
	}
	put(t, p, "again")
	if got := m.String(); got != strings.Repeat("line\n", n)+"again\n" {
		t.Errorf("written: %q", got)
	}
}

// TestDrainStolen has another process read a part of what is in the pipe, as one can that
// opens /dev/stdout: the drain does not wait for it.
func TestDrainStolen(t *testing.T) {
	l := newLogs(t, nil)
	m := &hook{memory: newMemory()}
	p := into(t, l, layout{}, m)
	_, first := attach(t, p, "first")
	s, e := attach(t, p, "svc")
	defer e.Close()
	halt(t, p)
	block := strings.Repeat("first\n", directSize/6+1) // is written before the next read
	say(t, first.Stdout, block)
	untilQueued(t, p, 1)
	say(t, e.Stdout, "stolen\n")
	m.before = func() {
		if n, err := unix.Read(s.streams[0].fd, make([]byte, 100)); n != len("stolen\n") {
			t.Errorf("read: %d, %v", n, err)
		}
	}
	done := make(chan Drained, 1)
	s.Drain(time.Second, func(d Drained) { done <- d })
	p.run()
	if d := <-done; !d.Complete {
		t.Error("the drain waits for what is gone")
	}
	first.Close()
}
