package collector

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"supervise/coredump/explain"
	"supervise/coredump/explain/apart"
	"supervise/coredump/handler"
	"supervise/coredump/order"
	"supervise/coredump/report"
	"supervise/coredump/store"
	"supervise/internal/testproc"
)

// TestMain also is what `supervise core handler` and `supervise core explain` are.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "core" {
		switch os.Args[2] {
		case "handler":
			os.Exit(handler.Main(os.Args[3:]))
		case "explain":
			if apart.Child(os.Stdin, os.Stdout, explain.Options{Registers: true}) != nil {
				os.Exit(1)
			}
			os.Exit(0)
		}
	}
	testproc.Main(m)
}

// story is what was told of one crash.
type story struct {
	order  order.Order
	stages []order.Stage
	times  []time.Time
	last   report.Report
	done   chan struct{}
}

// place is a collector with a store, and what it tells.
type place struct {
	*Collector
	t     testing.TB
	run   string
	store string
	order order.Order // what Decide gives

	lock    sync.Mutex
	stories map[int]*story
	logged  []string
	decide  func(Crash, order.Order) order.Order
	crashes []Crash
}

// open opens a collector that sets core_pattern, or does not.
func open(t testing.TB, change func(*Options, *place)) *place {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("to collect cores takes root")
	}
	p := &place{t: t, run: t.TempDir(), store: t.TempDir() + "/cores", stories: map[int]*story{}}
	p.order = order.Order{Directory: p.store, Capture: order.MiniAndFull, Compress: order.NoCompression, Timeout: time.Minute}
	options := Options{
		Want: Auto, Install: true, Directory: p.run, Decide: p.decided, Progress: p.progress,
		Log: func(m Message) {
			p.lock.Lock()
			defer p.lock.Unlock()
			p.logged = append(p.logged, fmt.Sprintf("%d: %s", m.PID, m.Text))
		},
	}
	if change != nil {
		change(&options, p)
	}
	if options.Install {
		t.Cleanup(testproc.GuardCorePattern(t))
	}
	c, err := Open(options)
	if err != nil {
		t.Fatal(err)
	}
	p.Collector = c
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := c.Close(ctx); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Log(strings.Join(p.logged, "\n"))
		}
	})
	return p
}

func (p *place) story(pid int) *story {
	p.lock.Lock()
	defer p.lock.Unlock()
	s := p.stories[pid]
	if s == nil {
		s = &story{done: make(chan struct{})}
		p.stories[pid] = s
	}
	return s
}

func (p *place) decided(c Crash) order.Order {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.crashes = append(p.crashes, c)
	o := p.order
	if p.decide != nil {
		o = p.decide(c, o)
	}
	return o
}

func (p *place) progress(o order.Order, g order.Progress) {
	s := p.story(o.PID)
	s.order, s.stages, s.times = o, append(s.stages, g.Stage), append(s.times, time.Now())
	if g.Report != nil {
		s.last = *g.Report
	}
	if g.Stage == order.Stored {
		close(s.done)
	}
}

// crashOf is what Decide was told of a process.
func (p *place) crashOf(pid int) Crash {
	p.lock.Lock()
	defer p.lock.Unlock()
	for _, c := range p.crashes {
		if c.PID == pid {
			return c
		}
	}
	return Crash{}
}

// wait waits for the last word about a crash.
func (p *place) wait(pid int) *story {
	p.t.Helper()
	s := p.story(pid)
	select {
	case <-s.done:
	case <-time.After(60 * time.Second):
		p.lock.Lock()
		defer p.lock.Unlock()
		p.t.Fatalf("nothing more is told of %d: %v\n%s", pid, s.stages, strings.Join(p.logged, "\n"))
	}
	return s
}

// items are the entries of the store by pid.
func (p *place) items() map[int]store.Item {
	p.t.Helper()
	s, err := store.Open(p.store)
	if err != nil {
		p.t.Fatal(err)
	}
	defer s.Close()
	list, err := s.List()
	if err != nil {
		p.t.Fatal(err)
	}
	found := map[int]store.Item{}
	for _, i := range list {
		if other, ok := found[i.Report.PID]; ok {
			p.t.Errorf("two entries of pid %d: %s and %s", i.Report.PID, other.Report.ID, i.Report.ID)
		}
		found[i.Report.PID] = i
	}
	return found
}

// pattern reads core_pattern.
func pattern(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("/proc/sys/kernel/core_pattern")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(string(text), "\n")
}
