package output

import (
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"supervise/config"
)

const began = `web falls back: cannot open log file "DIR/nowhere/web.log": open: the directory "DIR/nowhere" does not exist: no such file or directory`

// fallen returns a route whose file is in a directory that is missing.
func (b *fixture) fallen() *Route {
	b.t.Helper()
	r := b.Route("web", b.open(b.logTo("nowhere/web.log")))
	b.wantTold(began)
	b.wantMissing("nowhere/web.log")
	return r
}

func (b *fixture) wantMissing(names ...string) {
	b.t.Helper()
	var want []string
	for _, name := range names {
		want = append(want, b.path(name))
	}
	if got := slices.Sorted(maps.Keys(b.Missing())); !slices.Equal(got, want) {
		b.t.Errorf("missing %q, want %q", got, want)
	}
}

func (b *fixture) makeDirectory() {
	b.t.Helper()
	if err := os.Mkdir(b.path("nowhere"), 0o700); err != nil {
		b.t.Fatal(err)
	}
}

// TestFallback writes to the console until the file can be opened, and then to the file:
// also what runs already.
func TestFallback(t *testing.T) {
	b := newFixture(t)
	r := b.fallen()
	files, release, err := r.Attach(-1, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if _, err := unix.Write(files[1], []byte("one\n")); err != nil {
		t.Error(err)
	}
	b.wantFile("stdout", "web | one\n")
	b.fire(100 * time.Millisecond)
	b.fire(200 * time.Millisecond)
	b.wantTold()
	b.makeDirectory()
	b.fire(400 * time.Millisecond)
	b.wantTold("web has its file")
	b.wantMissing()
	b.wantNoSources() // a read may have been under way
	if _, err := unix.Write(files[1], []byte("two\n")); err != nil {
		t.Error(err)
	}
	b.wantFile("nowhere/web.log", "two\n")
	if len(b.timers) != 0 {
		t.Error("it is tried again")
	}
}

// wantNoSources waits until nothing writes to the console any more.
func (b *fixture) wantNoSources() {
	b.t.Helper()
	for deadline := time.Now().Add(waitLimit); b.console.Stats().Sources > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			b.t.Fatal("the console has a source still")
		}
	}
}

// TestFallbackWaits bounds the time between two tries.
func TestFallbackWaits(t *testing.T) {
	b := newFixture(t)
	b.fallen()
	for wait := firstRetry; wait < lastRetry; wait *= 2 {
		b.fire(wait)
	}
	b.fire(lastRetry)
	b.fire(lastRetry)
}

// TestFallbackUpdated updates a service while its file is missing.
func TestFallbackUpdated(t *testing.T) {
	for name, c := range map[string]struct {
		to      string // "" for the console
		made    bool   // the directory, before the update
		told    []string
		missing []string
		fires   []time.Duration // of the timers that are set then, the oldest first
	}{
		"the same file": {
			"nowhere/web.log", false, nil, []string{"nowhere/web.log"}, []time.Duration{200 * time.Millisecond},
		},
		"the same file, there": {
			"nowhere/web.log", true, []string{"web has its file"}, nil, []time.Duration{200 * time.Millisecond},
		},
		"another file": {
			"nowhere/other.log", false, nil, []string{"nowhere/other.log"}, []time.Duration{200 * time.Millisecond, 100 * time.Millisecond},
		},
		"another file, there": {
			"other.log", false, []string{"web has its file"}, nil, []time.Duration{200 * time.Millisecond},
		},
		"the console": {
			"", false, nil, nil, []time.Duration{200 * time.Millisecond},
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newFixture(t)
			r := b.fallen()
			b.fire(100 * time.Millisecond)
			if c.made {
				b.makeDirectory()
			}
			log := config.Log{}
			if c.to != "" {
				log = b.logTo(c.to)
			}
			r.Update(b.open(log))
			b.wantTold(c.told...)
			b.wantMissing(c.missing...)
			var waits []time.Duration
			for _, timer := range b.timers {
				waits = append(waits, timer.wait)
			}
			if !slices.Equal(waits, c.fires) {
				t.Errorf("timers of %v, want %v", waits, c.fires)
			}
		})
	}
}

// TestFallbackStale has a try succeed that is of no account any more: its file is closed.
func TestFallbackStale(t *testing.T) {
	for name, end := range map[string]func(b *fixture, r *Route){
		"updated": func(b *fixture, r *Route) { r.Update(b.open(config.Log{})) },
		"removed": func(b *fixture, r *Route) { r.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			b := newFixture(t)
			r := b.fallen()
			b.makeDirectory()
			end(b, r)
			b.wantMissing()
			b.fire(100 * time.Millisecond)
			b.wantTold()
			b.wantClosed("nowhere/web.log")
		})
	}
}

// TestFallbackLater is an update to a file that another service is known to miss. The file
// of before is closed with the next start.
func TestFallbackLater(t *testing.T) {
	b := newFixture(t)
	r := b.Route("web", b.open(b.logTo("web.log")))
	b.write(r, "one\n")
	b.wantFile("web.log", "one\n")
	r.Update(b.open(b.logTo("nowhere/web.log")))
	b.wantTold(began)
	b.write(r, "two\n")
	b.wantFile("stdout", "web | two\n")
	b.wantClosed("web.log")
}
