package output

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"supervise/config"
	"supervise/supervisor/logs"
)

// waitLimit bounds every wait of a test. It decides only how long a failure takes.
const waitLimit = 20 * time.Second

// fixture is an Outputs whose console are two files, whose loop is the test, and whose
// timers fire when the test wants.
type fixture struct {
	*Outputs
	t      *testing.T
	dir    string
	posted chan func()
	timers []timer
	mu     sync.Mutex
	told   []string
}

type timer struct {
	wait time.Duration
	f    func()
}

func newFixture(t *testing.T) *fixture {
	b := &fixture{t: t, dir: t.TempDir(), posted: make(chan func(), 100)}
	var fds [2]int
	for i, name := range []string{"stdout", "stderr"} {
		f, err := os.Create(b.path(name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		fds[i] = int(f.Fd())
	}
	var err error
	b.Outputs, err = New(Options{
		Stdout: fds[0], Stderr: fds[1], Observer: b,
		Services: []config.Service{{Name: "web"}, {Name: "not on the console", Log: config.Log{Mode: config.Inherit}}},
		Post:     func(f func()) { b.posted <- f },
	})
	if err != nil {
		t.Fatal(err)
	}
	b.after = func(wait time.Duration, f func()) { b.timers = append(b.timers, timer{wait, f}) }
	t.Cleanup(b.close)
	return b
}

func (b *fixture) close() {
	ctx, cancel := context.WithTimeout(context.Background(), waitLimit)
	defer cancel()
	if err := b.Close(ctx); err != nil {
		b.t.Error(err)
	}
}

func (b *fixture) path(name string) string { return filepath.Join(b.dir, name) }

func (b *fixture) FallbackBegan(service string, err error) {
	b.tell("%s falls back: %s", service, strings.ReplaceAll(err.Error(), b.dir, "DIR"))
}
func (b *fixture) FallbackEnded(service string)        { b.tell("%s has its file", service) }
func (b *fixture) Tail(service string, lines []string) { b.tell("%s wrote %q", service, lines) }
func (b *fixture) Trouble(trouble logs.Trouble)        { b.tell("trouble: %v", trouble.Err) }

func (b *fixture) tell(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.told = append(b.told, fmt.Sprintf(format, args...))
}

// wantTold compares what the observer was told since the last call.
func (b *fixture) wantTold(want ...string) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.Equal(b.told, want) {
		b.t.Errorf("the observer was told\n%q, want\n%q", b.told, want)
	}
	b.told = nil
}

// run does the next thing that was posted.
func (b *fixture) run() {
	b.t.Helper()
	select {
	case f := <-b.posted:
		f()
	case <-time.After(waitLimit):
		b.t.Fatal("nothing was posted")
	}
}

// fire runs the only timer that is set, whose wait must be want, and what it posts.
func (b *fixture) fire(want time.Duration) {
	b.t.Helper()
	if len(b.timers) != 1 || b.timers[0].wait != want {
		b.t.Fatalf("timers %v, want one of %v", b.timers, want)
	}
	f := b.timers[0].f
	b.timers = nil
	f()
	b.run()
}

func (b *fixture) open(log config.Log) Destination {
	b.t.Helper()
	d, err := b.Open(log)
	if err != nil {
		b.t.Fatal(err)
	}
	return d
}

// logTo are the settings of a log file. Below is a directory that may be missing.
func (b *fixture) logTo(name string) config.Log {
	return config.Log{Mode: config.ToFile, File: b.path(name)}
}

// write has a new generation of a service write to its standard output and end.
func (b *fixture) write(r *Route, text string) {
	b.t.Helper()
	files, release, err := r.Attach(-1, -1)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := unix.Write(files[1], []byte(text)); err != nil {
		b.t.Error(err)
	}
	release()
}

// wantFile waits until a file has the text.
func (b *fixture) wantFile(name, want string) {
	b.t.Helper()
	var got []byte
	for deadline := time.Now().Add(waitLimit); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if got, _ = os.ReadFile(b.path(name)); string(got) == want {
			return
		}
	}
	b.t.Errorf("%s has %q, want %q", name, got, want)
}

// wantClosed waits until no descriptor is open on a file.
func (b *fixture) wantClosed(name string) {
	b.t.Helper()
	for deadline := time.Now().Add(waitLimit); b.isOpen(name); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			b.t.Fatalf("%s is still open", name)
		}
	}
}

func (b *fixture) isOpen(name string) bool {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		b.t.Fatal(err)
	}
	return slices.ContainsFunc(entries, func(e os.DirEntry) bool {
		target, _ := os.Readlink("/proc/self/fd/" + e.Name())
		return target == b.path(name)
	})
}

// TestModes has a service write in each mode.
func TestModes(t *testing.T) {
	for _, c := range []struct {
		mode                  config.LogMode
		inherits              bool
		stdout, stderr, file  string
		tailEarly, tailAtLast bool
	}{
		{mode: config.Prefix, stdout: "web | one\n", tailAtLast: true},
		{mode: config.Inherit, stdout: "one\n", inherits: true},
		{mode: config.ToFile, file: "one\n", tailEarly: true, tailAtLast: true},
	} {
		t.Run(c.mode.String(), func(t *testing.T) {
			b := newFixture(t)
			r := b.Route("web", b.open(config.Log{Mode: c.mode, File: b.path("web.log")}))
			if r.Inherits() != c.inherits {
				t.Errorf("inherits: %v", r.Inherits())
			}
			b.write(r, "one\n")
			r.Drain(func([]string) {})
			if !c.inherits {
				b.run()
			}
			b.wantFile("stdout", c.stdout)
			b.wantFile("stderr", c.stderr)
			b.wantFile("web.log", c.file)
			r.ReportTail(false)
			b.wantTold(wrote(c.tailEarly)...)
			r.ReportTail(true)
			b.wantTold(wrote(c.tailAtLast)...)
			if got, _ := b.Last("web", 10); (len(got) == 1) == c.inherits {
				t.Errorf("the last lines are %v", got)
			}
		})
	}
}

func wrote(is bool) []string {
	if is {
		return []string{`web wrote ["one"]`}
	}
	return nil
}

// TestUnknown has no default for a mode or a format that is not known.
func TestUnknown(t *testing.T) {
	b := newFixture(t)
	for _, c := range []struct {
		log  config.Log
		want string
	}{
		{config.Log{Mode: config.Discard + 1}, "unknown log mode 4"},
		{config.Log{Mode: config.ToFile}, `log mode "file" without a file`},
		{config.Log{Mode: config.ToFile, Format: config.JSON + 1, File: b.path("x")}, "unknown log format 3"},
	} {
		if _, err := b.Open(c.log); err == nil || err.Error() != c.want {
			t.Errorf("Open: %v, want %s", err, c.want)
		}
		if _, err := Check(c.log); err == nil || err.Error() != c.want {
			t.Errorf("Check: %v, want %s", err, c.want)
		}
	}
	if _, err := os.Stat(b.path("x")); err == nil {
		t.Error("the file was made")
	}
}

// TestFormats compares the formats of a file.
func TestFormats(t *testing.T) {
	for _, f := range []struct {
		format config.LogFormat
		want   logs.Format
	}{{config.AutoFormat, logs.Text}, {config.Text, logs.Text}, {config.JSON, logs.JSON}} {
		got, err := targetOf(config.Log{Mode: config.ToFile, File: "/x", Format: f.format, MaxSize: 5, Keep: 2})
		want := target{mode: config.ToFile, file: "/x", config: &logs.Config{Format: f.want, Rotation: logs.Rotation{MaxSize: 5, Keep: 2}}}
		if err != nil || !got.equal(want) {
			t.Errorf("%v: %+v, %v", f.format, got, err)
		}
	}
}

// TestCheck finds out whether a file could be opened, and makes none.
func TestCheck(t *testing.T) {
	b := newFixture(t)
	for _, c := range []struct {
		log     config.Log
		missing bool
	}{
		{config.Log{}, false},
		{config.Log{Mode: config.Inherit}, false},
		{b.logTo("stdout"), false},
		{b.logTo("new"), false},
		{b.logTo("nowhere/new"), true},
	} {
		d, err := Check(c.log)
		if err != nil || (d.Missing() != nil) != c.missing {
			t.Errorf("%+v: %v, missing %v", c.log, err, d.Missing())
		}
	}
	if _, err := os.Stat(b.path("new")); err == nil {
		t.Error("the file was made")
	}
}

// TestOwnLines has the supervisor's lines stand on standard error.
func TestOwnLines(t *testing.T) {
	b := newFixture(t)
	fmt.Fprintln(b, "hello")
	b.wantFile("stderr", "hello\n")
	b.write(b.Console("hook"), "done\n")
	b.wantFile("stdout", "hook | done\n")
}

// TestDestinationClose gives files up that no route has been given.
func TestDestinationClose(t *testing.T) {
	b := newFixture(t)
	for _, log := range []config.Log{{}, {Mode: config.Inherit}, b.logTo("web.log"), b.logTo("nowhere/web.log")} {
		b.open(log).Close()
	}
	b.wantClosed("web.log")
	b.write(b.Console("web"), "one\n") // the console is open still
	b.wantFile("stdout", "web | one\n")
}

// TestConsoleWidth aligns the names of those services that have lines on the console.
func TestConsoleWidth(t *testing.T) {
	got := consoleOf(&Options{
		Stdout: 3, Stderr: 4, JSON: true, Color: true, Services: []config.Service{
			{Name: "web"},
			{Name: "a"},
			{Name: "in a file", Log: config.Log{Mode: config.ToFile, File: "/x"}},
			{Name: "of its own", Log: config.Log{Mode: config.Inherit}},
		},
	})
	if want := (logs.Console{Stdout: 3, Stderr: 4, Format: logs.JSON, Color: true, Width: 3}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestNewFails leaves no descriptor behind.
func TestNewFails(t *testing.T) {
	before := descriptors(t)
	if _, err := New(Options{Stdout: -1, Stderr: -1, Observer: &fixture{}}); err == nil {
		t.Error("an output on no descriptor")
	}
	if after := descriptors(t); !bytes.Equal(before, after) {
		t.Errorf("descriptors %s, want %s", after, before)
	}
}

func descriptors(t *testing.T) []byte {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	var names []byte
	for _, e := range entries {
		names = append(append(names, e.Name()...), ' ')
	}
	return names
}
