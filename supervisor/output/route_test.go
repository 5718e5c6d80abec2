package output

import (
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"supervise/config"
	"supervise/supervisor/logs"
)

// TestOwner has the pipes belong to who writes to them.
func TestOwner(t *testing.T) {
	b := newFixture(t)
	r := b.Route("web", b.open(config.Log{}))
	own, other := [2]int{os.Getuid(), os.Getgid()}, [2]int{4001, 4002}
	if own[0] != 0 {
		other = own
	}
	for _, c := range []struct{ give, want [2]int }{{[2]int{-1, -1}, own}, {other, other}} {
		files, release, err := r.Attach(c.give[0], c.give[1])
		if err != nil {
			t.Fatal(err)
		}
		for _, fd := range files[1:] {
			var st unix.Stat_t
			if err := unix.Fstat(fd, &st); err != nil || [2]int{int(st.Uid), int(st.Gid)} != c.want {
				t.Errorf("a pipe of %d:%d, %v, want %v", st.Uid, st.Gid, err, c.want)
			}
		}
		release()
	}
}

// TestTail reports the last lines whether they are wanted before the drain or after it, and
// once.
func TestTail(t *testing.T) {
	for name, early := range map[string]bool{"wanted first": true, "drained first": false} {
		t.Run(name, func(t *testing.T) {
			b := newFixture(t)
			r := b.Route("web", b.open(config.Log{}))
			r.ReportTail(true) // it was never started
			b.write(r, "one\ntwo")
			r.Drain(func([]string) {})
			r.Drain(func([]string) {}) // does nothing
			if early {
				r.ReportTail(true)
				b.wantTold()
			}
			b.run()
			if !early {
				b.wantTold()
				r.ReportTail(true)
			}
			b.wantTold(`web wrote ["one" "two"]`)
			if len(b.posted) != 0 {
				t.Error("it was drained twice")
			}
		})
	}
}

// TestTailOfNothing is about services that have written nothing, and about generations that
// are no longer the last.
func TestTailOfNothing(t *testing.T) {
	b := newFixture(t)
	r := b.Route("web", b.open(config.Log{}))
	b.write(r, "")
	r.Drain(func([]string) {})
	r.ReportTail(true)
	b.run()
	b.wantTold()

	b.write(r, "old\n")
	r.Drain(func([]string) {})
	r.ReportTail(true)
	b.write(r, "new\n")
	b.run() // the old one is drained
	r.ReportTail(true)
	b.wantTold()
	r.Drain(func([]string) {})
	b.run()
	b.wantTold(`web wrote ["new"]`)
}

// TestTailAfterInherit reports nothing of a generation that nobody could read, nor of the
// one before.
func TestTailAfterInherit(t *testing.T) {
	b := newFixture(t)
	r := b.Route("web", b.open(config.Log{}))
	b.write(r, "old\n")
	r.Update(b.open(config.Log{Mode: config.Inherit}))
	b.write(r, "new\n")
	r.Drain(func(lines []string) {
		if lines != nil {
			t.Errorf("the old generation is drained: %q", lines)
		}
	})
	r.ReportTail(true)
	b.run()
	b.wantTold()
}

// TestUpdate moves a service from file to file: what runs still writes to the old one, which
// is closed when the next generation starts.
func TestUpdate(t *testing.T) {
	b := newFixture(t)
	r := b.Route("web", b.open(b.logTo("old.log")))
	files, release, err := r.Attach(-1, -1)
	if err != nil {
		t.Fatal(err)
	}
	r.Update(b.open(b.logTo("new.log")))
	r.Update(b.open(b.logTo("new.log"))) // nothing changes
	if _, err := unix.Write(files[1], []byte("old\n")); err != nil {
		t.Error(err)
	}
	release()
	b.wantFile("old.log", "old\n")
	if !b.isOpen("old.log") {
		t.Error("the old file is closed, and there may be more to write")
	}
	b.write(r, "new\n")
	b.wantClosed("old.log")
	b.wantFile("new.log", "new\n")

	r.Update(b.open(config.Log{}))
	b.write(r, "console\n")
	b.wantFile("stdout", "web | console\n")
	b.wantClosed("new.log")
}

// TestUpdateFormat has a file get another format, and once more when it becomes the file of
// another service.
func TestUpdateFormat(t *testing.T) {
	b := newFixture(t)
	text, json := b.logTo("web.log"), b.logTo("web.log")
	json.Format = config.JSON
	r := b.Route("web", b.open(text))
	b.write(r, "one\n")
	b.wantFile("web.log", "one\n")
	r.Update(b.open(json))
	b.write(r, "two\n")
	r.Drain(func([]string) {})
	b.run()
	got, err := os.ReadFile(b.path("web.log"))
	if rest, ok := strings.CutPrefix(string(got), "one\n{"); err != nil || !ok || !strings.HasSuffix(rest, "\n") {
		t.Errorf("the file has %q, %v, want a line of text and one of JSON", got, err)
	}
	next := b.Route("next", b.open(text))
	r.Close()
	b.write(next, "three\n")
	b.wantFile("web.log", string(got)+"three\n")
}

// TestClose closes what is open, and forgets the lines.
func TestClose(t *testing.T) {
	b := newFixture(t)
	r := b.Route("web", b.open(b.logTo("old.log")))
	b.write(r, "one\n")
	b.wantFile("old.log", "one\n")
	r.Update(b.open(b.logTo("new.log")))
	r.Close()
	b.wantClosed("old.log")
	b.wantClosed("new.log")
	if got, _ := b.Last("web", 5); got != nil {
		t.Errorf("the last lines are %v", got)
	}
}

// TestFollow follows a service over two generations.
func TestFollow(t *testing.T) {
	b := newFixture(t)
	r := b.Route("web", b.open(config.Log{}))
	b.write(r, "one\n")
	r.Drain(func([]string) {})
	b.run()
	lines := make(chan string, 10)
	stop := b.Follow("web", 10, func(all []logs.Line) {
		for _, l := range all {
			lines <- l.Text
		}
	})
	b.write(r, "two\n")
	for _, want := range []string{"one", "two"} {
		select {
		case got := <-lines:
			if got != want {
				t.Errorf("line %q, want %q", got, want)
			}
		case <-time.After(waitLimit):
			t.Fatalf("no line %q", want)
		}
	}
	stop()
}
