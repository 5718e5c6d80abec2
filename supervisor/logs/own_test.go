package logs

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestOwnLines: the supervisor's own lines are whole, also among those of services, and
// are bounded when nothing can be written.
func TestOwnLines(t *testing.T) {
	news := make(chan Trouble, 64)
	l := newLogs(t, func(n Trouble) { news <- n })
	m := newMemory()
	p := into(t, l, layout{named: true, width: 3}, m)
	_, e := attach(t, p, "svc")
	for i := range 100 {
		say(t, e.Stdout, fmt.Sprintf("line %d\n", i))
		fmt.Fprintf(p, "own %d", i)
	}
	e.Close()
	until(t, "all is written", func() bool { return strings.Count(m.String(), "\n") == 200 && p.Stats().Sources == 0 })
	var own, svc int
	for line := range strings.Lines(m.String()) {
		switch line {
		case fmt.Sprintf("own %d\n", own):
			own++
		case fmt.Sprintf("svc | line %d\n", svc):
			svc++
		default:
			t.Fatalf("torn: %q", line)
		}
	}

	m.full.Store(true)
	p.Write([]byte("stuck\n"))
	<-news
	until(t, "parked", func() bool { return p.Stats().Stuck })
	line := strings.Repeat("z", 1023) + "\n"
	for range 300 {
		if n, err := p.Write([]byte(line)); n != len(line) || err != nil {
			t.Fatal(n, err)
		}
	}
	lost := p.Stats().OwnLost
	if lost < 300-256 || lost > 60 {
		t.Errorf("%d of 300 lines of a kilobyte lost", lost)
	}
	m.full.Store(false)
	p.Reopen()
	told := 0
	for n := range news {
		if n.Err != nil && strings.Contains(n.Err.Error(), fmt.Sprint(lost, " lines")) {
			told++
			break
		}
	}
	closeAll(t, l)
	if got := strings.Count(m.String(), "zzz\n"); uint64(got)+lost != 300 || told != 1 {
		t.Errorf("%d lines written and %d lost of 300", got, lost)
	}
}

// TestHold: what is held is written together, at the latest when it is much or with the end of the
// logs, and nothing is lost or answered before its time.
func TestHold(t *testing.T) {
	l := newLogs(t, nil)
	m := newMemory()
	p := into(t, l, layout{}, m)
	source, e := attach(t, p, "svc")
	hold := func() {
		p.Hold()
		p.mu.Lock()
		defer p.mu.Unlock()
		p.held = time.Now().Add(time.Hour) // so that the test may be slow
	}
	var want strings.Builder
	write := func(text string) {
		want.WriteString(text)
		_, _ = p.Write([]byte(text))
	}

	hold()
	answered := make(chan Drained, 1)
	source.Drain(time.Hour, func(d Drained) { answered <- d })
	for i := range 100 {
		write(fmt.Sprintf("own %d\n", i))
	}
	if s := p.Stats(); s.Bytes != 0 || m.String() != "" || len(answered) != 0 {
		t.Errorf("%d bytes are written while all are held: %q", s.Bytes, m.String())
	}
	p.Release()
	until(t, "what was held is written", func() bool { return m.String() == want.String() })
	if d := <-answered; !d.Complete {
		t.Error("what was held is not drained")
	}
	write("at once\n")
	until(t, "one that is not held is", func() bool { return m.String() == want.String() })

	hold()
	write(strings.Repeat("x", holdBytes) + "\n")
	until(t, "much is written", func() bool { return m.String() == want.String() })

	write("the last\n")
	e.Close()
	closeAll(t, l)
	if m.String() != want.String() {
		t.Errorf("%d bytes are written, want %d", len(m.String()), want.Len())
	}
}
