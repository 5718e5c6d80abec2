package logs

import (
	"fmt"
	"strings"
	"testing"
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
	until(t, "all is written", func() bool { return p.Stats().Lines == 200 && p.Stats().Sources == 0 })
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
