package disk

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"supervise/config"
	"supervise/supervisor/journal"
	"supervise/supervisor/machine"
)

const patience = 30 * time.Second

// file is a journal in a directory of its own, and who writes it.
type file struct {
	t       *testing.T
	path    string
	writer  *Writer
	reports []Report
	journal *journal.Journal
	step    int
}

// open begins a run.
func open(t *testing.T, path string, size int64) *file {
	t.Helper()
	f := &file{t: t, path: path}
	var err error
	if f.writer, err = Open(path, size, func(r Report) { f.reports = append(f.reports, r) }); err != nil {
		t.Fatal(err)
	}
	f.journal = journal.New(100, time.Unix(1000, 0), func(machine.ServiceID) string { return "web" })
	earlier, bad := f.writer.Earlier(100)
	if bad != 0 {
		t.Errorf("%d lines cannot be read", bad)
	}
	f.journal.Resume(earlier)
	f.journal.RecordTo(f.writer, func() journal.Header {
		return journal.Header{Configuration: &config.File{}, Machine: &machine.Snapshot{Steps: machine.EventID(f.step)}}
	})
	return f
}

func fresh(t *testing.T) string { return filepath.Join(t.TempDir(), "journal") }

// run records steps, each with an entry.
func (f *file) run(steps int) {
	for range steps {
		f.step++
		f.journal.Step(time.Duration(f.step), machine.Event{Kind: machine.Spawned, PID: 812}, []machine.Action{{Kind: machine.Finish}})
	}
}

func (f *file) close() {
	f.t.Helper()
	if err := f.writer.Close(patience); err != nil {
		f.t.Fatal(err)
	}
}

// content is what has been read of a journal.
type content struct {
	headers, steps, others int
	lost                   uint64
	last                   machine.EventID
	jumps                  int // between steps, but where a header stands
	errs                   []error
}

func contentOf(path string) (c content) {
	for r, err := range Read(path) {
		switch {
		case err != nil:
			c.errs = append(c.errs, err)
		case r.Header != nil:
			c.headers++
			c.last = 0
			if r.Header.Machine != nil {
				c.last = r.Header.Machine.Steps
			}
		case r.Step != nil:
			if c.steps++; r.Step.Number != c.last+1 {
				c.jumps++
			}
			c.last = r.Step.Number
		case r.Lost > 0:
			c.lost += r.Lost
		default:
			c.others++
		}
	}
	return c
}

func sizeOf(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func TestWritten(t *testing.T) {
	f := open(t, fresh(t), 1<<20)
	f.run(10)
	f.close()
	c := contentOf(f.path)
	if c.errs != nil || c.headers != 1 || c.steps != 10 || c.others != 10 || c.jumps != 0 || f.reports != nil {
		t.Errorf("it has %+v, reported is %+v", c, f.reports)
	}
	info, err := os.Stat(f.path)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("its mode is %v, %v", info.Mode(), err)
	}
}

// TestBounded fills many files, of which two stay.
func TestBounded(t *testing.T) {
	const size = 64 << 10
	f := open(t, fresh(t), size)
	for range 200 {
		f.run(20)
		f.drain()
	}
	f.close()
	c := contentOf(f.path)
	if c.errs != nil || c.jumps != 0 || c.last != 4000 || c.headers != 2 || c.lost != 0 || f.reports != nil {
		t.Errorf("it has %+v, reported is %+v", c, f.reports)
	}
	for _, path := range []string{f.path, f.path + ".1"} {
		if n := sizeOf(t, path); n > size {
			t.Errorf("%s has %d bytes", path, n)
		}
	}
}

// drain waits until nothing is in the queue.
func (f *file) drain() {
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Microsecond) {
		f.writer.mu.Lock()
		n := len(f.writer.queue)
		f.writer.mu.Unlock()
		if n == 0 {
			return
		}
		if time.Now().After(deadline) {
			f.t.Fatal("nobody writes")
		}
	}
}

// TestNextRun goes on with the numbers, and explains what was before.
func TestNextRun(t *testing.T) {
	path := fresh(t)
	f := open(t, path, 1<<20)
	f.run(3)
	f.close()
	f = open(t, path, 1<<20)
	boot := f.journal.Step(0, machine.Event{Kind: machine.Boot}, []machine.Action{{Kind: machine.Spawn}})
	var texts []string
	for _, e := range f.journal.Last(nil, 0) {
		texts = append(texts, fmt.Sprint(e.ID, " ", e.Text))
	}
	if got, want := strings.Join(texts, "\n"), "1 started, pid 812\n2 started, pid 812\n3 started, pid 812\n4 supervise starts"; got != want || boot != 4 {
		t.Errorf("events are\n%s\nwant\n%s", got, want)
	}
	if id := f.journal.Of(1, "web"); id != boot {
		t.Errorf("the first step is known by %d, want %d", id, boot)
	}
	f.close()
	if c := contentOf(path); c.errs != nil || c.headers != 2 || c.steps != 4 || c.jumps != 0 {
		t.Errorf("it has %+v", c)
	}
}

// TestTorn has the writer killed in the middle of a line.
func TestTorn(t *testing.T) {
	for name, torn := range map[string]string{
		"part of a line": `{"step":4,"now":1,"ev`, "one byte": "{", "long": strings.Repeat("x", 1<<17),
	} {
		f := open(t, fresh(t), 1<<20)
		f.run(3)
		f.close()
		whole := sizeOf(t, f.path)
		appendTo(t, f.path, torn)
		if c := contentOf(f.path); len(c.errs) != 1 || !errors.Is(c.errs[0], ErrTorn) || c.steps != 3 {
			t.Errorf("%s: it has %+v", name, c)
		}
		f = open(t, f.path, 1<<20)
		if want := int64(len(torn)); len(f.reports) != 1 || f.reports[0].Torn != want {
			t.Errorf("%s: reported is %+v, want %d", name, f.reports, want)
		}
		f.close()
		if c := contentOf(f.path); c.errs != nil || c.headers != 2 || sizeOf(t, f.path) <= whole {
			t.Errorf("%s: then it has %+v", name, c)
		}
	}
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// TestReadFails reads from a disk that fails: that is said once, and nothing is read again.
func TestReadFails(t *testing.T) {
	from := io.MultiReader(strings.NewReader("no journal\nnor"), iotest.ErrReader(syscall.EIO))
	var errs []error
	readLines(from, "journal", func(_ journal.Record, err error) bool {
		errs = append(errs, err)
		return len(errs) < 10
	})
	line := new(Line)
	if len(errs) != 2 || !errors.As(errs[0], &line) || errors.As(errs[1], &line) || !errors.Is(errs[1], syscall.EIO) {
		t.Errorf("it says %v", errs)
	}
}

// TestQueueFull has more recorded than is written: it is counted, and a header follows.
func TestQueueFull(t *testing.T) {
	f := open(t, fresh(t), 1<<30)
	for lost := false; !lost; { // the writer may be quicker
		f.writer.mu.Lock()
		for len(f.writer.queue) < maxQueue {
			f.writer.queue = append(f.writer.queue, journal.Record{Step: &journal.Step{Number: 1}})
		}
		f.writer.mu.Unlock()
		f.run(1)
		f.writer.mu.Lock()
		lost = f.writer.lost > 0
		f.writer.mu.Unlock()
	}
	select { // the queue was filled without Record, which wakes the writer
	case f.writer.wake <- struct{}{}:
	default:
	}
	f.drain()
	f.run(2)
	f.close()
	reported := uint64(0)
	for _, r := range f.reports {
		reported += r.Lost
	}
	if c := contentOf(f.path); c.lost == 0 || c.headers < 2 || reported != c.lost {
		t.Errorf("it has %+v, reported is %+v", c, f.reports)
	}
}

// TestCannotWrite has a disk that is full for a while.
func TestCannotWrite(t *testing.T) {
	f := &file{t: t, path: fresh(t)}
	w := &Writer{path: f.path, size: 1 << 20, report: func(r Report) { f.reports = append(f.reports, r) }}
	if _, err := w.open(); err != nil {
		t.Fatal(err)
	}
	step := journal.Record{Step: &journal.Step{Number: 1}}
	good := w.file
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	for _, to := range []*os.File{good, full, full, good} {
		w.file = to
		w.write(step)
		w.write(step)
		w.flush()
	}
	w.file.Close()
	if len(f.reports) != 2 || !errors.Is(f.reports[0].Err, syscall.ENOSPC) || f.reports[1].Lost != 4 || !w.due.Load() {
		t.Errorf("reported is %+v", f.reports)
	}
	if c := contentOf(f.path); c.errs != nil || c.steps != 4 || c.lost != 4 {
		t.Errorf("it has %+v", c)
	}
}

// TestNotOurs refuses what is dangerous to write to.
func TestNotOurs(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	if err := os.Symlink("/etc/passwd", in("link")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(in("fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(in("directory"), 0o700); err != nil {
		t.Fatal(err)
	}
	first := open(t, in("taken"), 1<<20)
	defer first.close()
	for name, want := range map[string]string{
		"link": "is a symbolic link", "fifo": "", "directory": "is a directory", "taken": "another supervise writes",
		"no/directory": "no such file or directory",
	} {
		if _, err := Open(in(name), 1<<20, func(Report) {}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if os.Geteuid() == 0 {
		if err := os.WriteFile(in("foreign"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(in("foreign"), 12345, 12345); err != nil {
			t.Skip(err)
		}
		if _, err := Open(in("foreign"), 1<<20, func(Report) {}); err == nil || !strings.Contains(err.Error(), "belongs to uid 12345") {
			t.Errorf("foreign: %v", err)
		}
		if err := errors.Join(os.Mkdir(in("ours"), 0o700), os.Symlink("ours", in("led")), os.Lchown(in("led"), 12345, 12345)); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(in("led/journal"), 1<<20, func(Report) {}); err == nil || !strings.Contains(err.Error(), "led belongs to uid 12345") {
			t.Errorf("through a link of another user: %v", err)
		}
		if left, _ := os.ReadDir(in("ours")); len(left) != 0 {
			t.Errorf("made all the same: %v", left)
		}
	}
}

// TestRotatedAway has the owner of the directory put a link in its place: what is behind it is
// not renamed.
func TestRotatedAway(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("to give a link to another user takes root")
	}
	f := open(t, fresh(t), 64<<10)
	dir := filepath.Dir(f.path)
	away := filepath.Join(t.TempDir(), "away")
	ours := t.TempDir()
	target := filepath.Join(ours, filepath.Base(f.path))
	if err := errors.Join(os.Rename(dir, away), os.Symlink(ours, dir), os.Lchown(dir, 12345, 12345), os.WriteFile(target, []byte("x"), 0o600)); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(dir)
	for range 60 {
		f.run(20)
		f.drain()
	}
	f.close()
	if len(f.reports) == 0 || !strings.Contains(f.reports[0].Err.Error(), "belongs to uid 12345") {
		t.Errorf("reported is %+v", f.reports)
	}
	if text, err := os.ReadFile(target); string(text) != "x" {
		t.Errorf("%q, %v", text, err)
	}
}

// TestTakenAway has somebody move the file, and put a directory where FILE.1 is to be.
func TestTakenAway(t *testing.T) {
	f := open(t, fresh(t), 64<<10)
	if err := os.Rename(f.path, f.path+".moved"); err != nil {
		t.Fatal(err)
	}
	for range 30 {
		f.run(20)
		f.drain()
	}
	f.close()
	if c := contentOf(f.path); c.errs != nil || c.last != 600 || f.reports != nil {
		t.Errorf("moved: it has %+v, reported is %+v", c, f.reports)
	}
	f = open(t, fresh(t), 64<<10)
	if err := os.MkdirAll(f.path+".1/x", 0o700); err != nil {
		t.Fatal(err)
	}
	for range 60 {
		f.run(20)
		f.drain()
	}
	f.close()
	if n := sizeOf(t, f.path); n > 64<<10 || len(f.reports) == 0 || f.reports[0].Err == nil {
		t.Errorf("it has %d bytes, reported is %+v", n, f.reports)
	}
}

// FuzzRead has anything for a file.
func FuzzRead(f *testing.F) {
	f.Add([]byte("{\"lost\":3}\n{\"entry\":1,\"cause\":0}\n{"))
	f.Add([]byte("{\"entry\":1,\"origin\":1,\"time\":1,\"step\":1,\"service\":\"web\",\"about\":{\"event\":{\"kind\":\"boot\"}}}\n"))
	f.Add([]byte("{\"step\":1,\"now\":5,\"event\":{\"kind\":\"boot\"},\"actions\":[{\"kind\":\"finish\",\"cause\":1}]}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		readLines(bytes.NewReader(text), "journal", func(r journal.Record, err error) bool {
			if err != nil {
				return true
			}
			line, err := r.AppendTo(nil)
			if err != nil {
				t.Fatalf("what was read cannot be written: %v", err)
			}
			if again, err := journal.ReadRecord(line); err != nil {
				t.Fatalf("%s: %v", line, err)
			} else if second, _ := again.AppendTo(nil); !bytes.Equal(line, second) {
				t.Fatalf("%s is read as %s", line, second)
			}
			return true
		})
	})
}
