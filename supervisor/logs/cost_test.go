package logs

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestIdleCost: a thousand pipes at rest have no goroutines, and little memory, although
// all have written and half of them hold the beginning of a line.
func TestIdleCost(t *testing.T) {
	const services = 500
	l := newLogs(t, nil)
	m := newMemory()
	p := into(t, l, layout{named: true}, m)
	heap := func() uint64 {
		var s runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&s)
		return s.HeapAlloc
	}
	goroutines, before := runtime.NumGoroutine(), heap()
	sources, ends := make([]*Source, services), make([]Ends, services)
	for i := range services {
		s, e := attach(t, p, fmt.Sprint("service-", i))
		say(t, e.Stdout, "a line of some fifty bytes, as they say\n")
		say(t, e.Stderr, "Enter your name: ")
		ends[i], sources[i] = e, s
	}
	total := func() (n int64) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.state != idle {
			return 0
		}
		for _, s := range sources {
			n += s.streams[0].total + s.streams[1].total
		}
		return n
	}
	until(t, "everything is read", func() bool { return total() == services*(40+17) })
	until(t, "goroutines end", func() bool { return runtime.NumGoroutine() <= goroutines })
	<-m.text // what the test itself has collected
	m.text <- nil
	each := int64(heap()-before) / services
	t.Logf("%d bytes of heap for a source", each)
	if !raceEnabled && each > 1300 {
		t.Errorf("a source costs %d bytes", each)
	}
	for i, s := range sources {
		s.Close()
		ends[i].Close()
	}
	until(t, "sources are closed", func() bool { return p.Stats().Sources == 0 })
	runtime.KeepAlive(sources)
}

// TestDescriptors: nothing is left open, whatever becomes of a source.
func TestDescriptors(t *testing.T) {
	open := func() int {
		d, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(d)
	}
	dir := t.TempDir()
	cycle := func() {
		l, err := New(Options{})
		if err != nil {
			t.Fatal(err)
		}
		out := collect(t)
		console, err := l.Console(Console{Stdout: out.fd(), Stderr: out.fd()})
		if err != nil {
			t.Fatal(err)
		}
		file, err := l.File(filepath.Join(dir, "log"), Config{Rotation: Rotation{MaxSize: 100, Keep: 2}})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range []*Pump{console, file} {
			a, ends := attach(t, p, "drained")
			say(t, ends.Stdout, strings.Repeat("a line\n", 50))
			ends.Close()
			drain(t, a)
			b, ends := attach(t, p, "closed")
			b.Close()
			ends.Close()
			_, ends = attach(t, p, "open at the end")
			say(t, ends.Stdout, "no newline")
			defer ends.Close()
		}
		closeAll(t, l)
		if _, _, err := file.Attach("late"); err == nil {
			t.Error("a closed pump takes a source")
		}
		out.all()
	}
	cycle()
	before := open()
	for range 5 {
		cycle()
	}
	until(t, "descriptors are closed", func() bool { return open() <= before })
}
