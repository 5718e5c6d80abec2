package output

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"supervise/config"
)

// reopen has a route reopen its files, and returns what comes of that.
func (b *fixture) reopen(r *Route) (err error) {
	b.t.Helper()
	done := false
	if !r.Reopen(func(e error) { done, err = true, e }) {
		b.t.Fatal("there is no file")
	}
	for !done {
		b.run()
	}
	return err
}

// TestReopen opens a file anew that was moved away, and again one that cannot be opened.
func TestReopen(t *testing.T) {
	b := newFixture(t)
	for _, log := range []config.Log{{}, {Mode: config.Inherit}, {Mode: config.Discard}} {
		if b.Route("none", b.open(log)).Reopen(func(error) { t.Error("it is called") }) {
			t.Errorf("mode %v has a file", log.Mode)
		}
	}
	r := b.Route("web", b.open(b.logTo("web.log")))
	b.write(r, "one\n")
	b.wantFile("web.log", "one\n")
	if err := os.Rename(b.path("web.log"), b.path("web.log.1")); err != nil {
		t.Fatal(err)
	}
	if err := b.reopen(r); err != nil {
		t.Error(err)
	}
	b.write(r, "two\n")
	b.wantFile("web.log", "two\n")
	b.wantFile("web.log.1", "one\n")

	missing := b.fallen()
	if err := b.reopen(missing); err == nil || !strings.Contains(err.Error(), "does not exist") || len(b.timers) != 1 {
		t.Errorf("it says %v, and there are %d timers", err, len(b.timers))
	}
	b.makeDirectory()
	if err := b.reopen(missing); err != nil {
		t.Error(err)
	}
	b.wantTold("web has its file")
	b.wantMissing()
}

// TestGone has the directory of a log file be removed while a process writes: it writes to
// the console until it is there again. Nothing is lost, and nothing told twice.
func TestGone(t *testing.T) {
	b := newFixture(t)
	b.makeDirectory()
	r := b.Route("web", b.open(b.logTo("nowhere/web.log")))
	files, release, err := r.Attach(-1, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	say := func(text string) {
		t.Helper()
		if _, err := unix.Write(files[1], []byte(text)); err != nil {
			t.Error(err)
		}
	}
	say("one\n")
	b.wantFile("nowhere/web.log", "one\n")
	if err := os.RemoveAll(filepath.Dir(b.path("nowhere/web.log"))); err != nil {
		t.Fatal(err)
	}
	b.run() // it is told by the pump
	b.wantTold(strings.Replace(began, "cannot open", "cannot reopen", 1))
	b.wantMissing("nowhere/web.log")
	say("two\n")
	b.wantFile("stdout", "web | two\n")
	b.fire(100 * time.Millisecond)
	b.makeDirectory()
	b.fire(200 * time.Millisecond)
	b.wantTold("web has its file")
	b.wantNoSources()
	say("three\n")
	b.wantFile("nowhere/web.log", "three\n")
}

// TestUpdateModes changes the mode of a log while a process writes.
func TestUpdateModes(t *testing.T) {
	b := newFixture(t)
	r := b.Route("web", b.open(config.Log{Mode: config.Discard}))
	files, release, err := r.Attach(-1, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	say := func(text string) {
		t.Helper()
		if _, err := unix.Write(files[1], []byte(text)); err != nil {
			t.Error(err)
		}
	}
	kept := func(text string) {
		t.Helper()
		for deadline := time.Now().Add(waitLimit); ; time.Sleep(time.Millisecond) {
			if lines, _ := b.Last("web", 1); len(lines) == 1 && lines[0].Text == text {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("the last line is not %q", text)
			}
		}
	}
	say("nowhere\n")
	kept("nowhere")
	r.Update(b.open(config.Log{}))
	say("console\n")
	b.wantFile("stdout", "web | console\n")
	r.Update(b.open(b.logTo("web.log")))
	say("file\n")
	b.wantFile("web.log", "file\n")
	r.Update(b.open(config.Log{Mode: config.Discard}))
	b.wantClosed("web.log")
	say("nowhere again\n")
	kept("nowhere again")
	b.wantFile("stdout", "web | console\n")
	b.wantFile("web.log", "file\n")
}

// TestFileConfig asks for owners by name and by number.
func TestFileConfig(t *testing.T) {
	log := config.Log{Mode: config.ToFile, File: "/x", Owner: "root", Group: "4321", Compress: config.Gzip, MaxAge: time.Hour, Stderr: "/y", WhenFull: config.DropLines, Permissions: 0o604}
	got, err := targetOf(log)
	if c := got.config; err != nil || !c.Owned || c.UID != 0 || c.GID != 4321 || !c.Compress || c.MaxAge != time.Hour || c.Stderr != "/y" || !got.drops || c.Mode != 0o604 {
		t.Errorf("%+v, %v", got, err)
	}
	for want, change := range map[string]func(*config.Log){
		"cannot find the owner of log file": func(l *config.Log) { l.Owner = "supervise-has-no-such-user" },
		"cannot find the group of log file": func(l *config.Log) { l.Group = "supervise-has-no-such-group" },
		"unknown compression":               func(l *config.Log) { l.Compress = config.Gzip + 1 },
		"unknown when-full":                 func(l *config.Log) { l.WhenFull = config.DropLines + 1 },
	} {
		wrong := log
		change(&wrong)
		if _, err := targetOf(wrong); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
