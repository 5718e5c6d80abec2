package logs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// fileOf opens a log file in a directory of its own.
func fileOf(t *testing.T, l *Logs, c Config) (p *Pump, path string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "above", "logs")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(dir, "log")
	p, err := l.File(path, c)
	if err != nil {
		t.Fatal(err)
	}
	return p, path
}

func read(path string) string {
	b, _ := os.ReadFile(path)
	return string(b)
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// TestNoticed does to a log file, and to the directories that it is in, what others do, and
// tells nobody. What was written before is where it was; what is written then is in a file
// where it should be.
func TestNoticed(t *testing.T) {
	for name, c := range map[string]struct {
		do        func(dir string) error
		old       string // where "one" is, in the directory above
		late      bool   // "two" may be in the old file: nothing says that there will be another
		unwatched bool   // the kernel does not tell
	}{
		"moved":                        {do: func(d string) error { return os.Rename(d+"/log", d+"/log.1") }, old: "logs/log.1", late: true},
		"moved elsewhere":              {do: func(d string) error { return os.Rename(d+"/log", d+"/../log") }, old: "log", late: true},
		"moved, and the kernel silent": {do: func(d string) error { return os.Rename(d+"/log", d+"/log.1") }, old: "logs/log.1", late: true, unwatched: true},
		"removed":                      {do: func(d string) error { return os.Remove(d + "/log") }},
		"removed, and another made": {do: func(d string) error {
			return errors.Join(os.Remove(d+"/log"), os.WriteFile(d+"/log", nil, 0o600))
		}},
		"another in its place": {do: func(d string) error {
			return errors.Join(os.WriteFile(d+"/new", nil, 0o600), os.Rename(d+"/new", d+"/log"))
		}},
		"moved, and another made": {do: func(d string) error {
			return errors.Join(os.Rename(d+"/log", d+"/log.1"), os.WriteFile(d+"/log", nil, 0o600))
		}, old: "logs/log.1", late: true},
		"linked elsewhere and removed": {do: func(d string) error {
			return errors.Join(os.Link(d+"/log", d+"/log.1"), os.Remove(d+"/log"))
		}, old: "logs/log.1", late: true},
		"its directory moved and made again": {do: func(d string) error {
			return errors.Join(os.Rename(d, d+".old"), os.Mkdir(d, 0o755))
		}, old: "logs.old/log", late: true},
		"its directory removed and made again": {do: func(d string) error {
			return errors.Join(os.RemoveAll(d), os.Mkdir(d, 0o755))
		}},
		"its directory made again, and the kernel silent": {do: func(d string) error {
			return errors.Join(os.RemoveAll(d), os.Mkdir(d, 0o755))
		}, unwatched: true},
		"the directory above moved and made again": {do: func(d string) error {
			above := filepath.Dir(d)
			return errors.Join(os.Rename(above, above+".old"), os.MkdirAll(d, 0o755))
		}, old: "../above.old/logs/log", late: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, path := fileOf(t, newLogs(t, nil), Config{})
			if c.unwatched {
				p.logs.unwatchFiles(p)
				p.unwatched.Store(true)
			}
			put(t, p, "one")
			dir := filepath.Dir(path)
			must(t, c.do(dir))
			if !c.late {
				put(t, p, "two")
			}
			lines := []string{"two"}
			until(t, "it writes to a new file", func() bool {
				if c.late {
					put(t, p, "two")
				}
				return strings.HasSuffix(read(path), "two\n")
			})
			if c.old != "" {
				old := read(filepath.Join(filepath.Dir(dir), c.old))
				if !strings.HasPrefix(old, "one\n") || strings.Trim(old[4:], "two\n") != "" {
					t.Errorf("the old file has %q", old)
				}
			} else if got := read(path); got != strings.Join(lines, "\n")+"\n" {
				t.Errorf("the new file has %q", got)
			}
		})
	}
}

// TestNoticedBusy moves a log file away again and again while it is written to. Some moves
// make another one, as logrotate's create does, some ask to reopen, some do neither: each line
// is in one of the files, once, and in order.
func TestNoticedBusy(t *testing.T) {
	p, path := fileOf(t, newLogs(t, nil), Config{})
	s, e := attach(t, p, "svc")
	var enough atomic.Bool
	written := make(chan int)
	go func() {
		n := 0
		for ; !enough.Load(); n++ {
			say(t, e.Stdout, fmt.Sprintf("%d\n", n))
		}
		e.Close()
		written <- n
	}()
	var all strings.Builder
	for i := range 40 {
		old := fmt.Sprintf("%s.%d", path, i)
		must(t, os.Rename(path, old))
		switch {
		case i%2 == 0:
			must(t, os.WriteFile(path, nil, 0o640))
		case i%10 == 1:
		default:
			p.Reopen()
		}
		until(t, "there is a new file with lines", func() bool { return read(path) != "" })
		all.WriteString(read(old))
	}
	enough.Store(true)
	n := <-written
	drain(t, s)
	all.WriteString(read(path))
	var want strings.Builder
	for i := range n {
		fmt.Fprintln(&want, i)
	}
	if all.String() != want.String() {
		t.Errorf("%d lines in %d bytes, want %d", strings.Count(all.String(), "\n"), all.Len(), want.Len())
	}
}

// TestRemovedAtOnce writes right after the file was removed: not into what is no more.
func TestRemovedAtOnce(t *testing.T) {
	p, path := fileOf(t, newLogs(t, nil), Config{})
	s, e := attach(t, p, "svc")
	var want string
	for i := range 20 {
		must(t, os.Remove(path))
		want = fmt.Sprintf("%d\n", i)
		say(t, e.Stdout, want)
		p.Reopen() // before the grace is over
		until(t, "the line is in the new file", func() bool { return read(path) == want })
	}
	e.Close()
	drain(t, s)
}

// TestGoneDirectory has nothing to write to for some time: that is told once, what was read
// is kept, and written when there is a directory again.
func TestGoneDirectory(t *testing.T) {
	missing := make(chan error, 100)
	news := make(chan Trouble, 100)
	l, err := New(Options{Report: func(n Trouble) { news <- n }, Missing: func(p *Pump, err error) { missing <- err }})
	must(t, err)
	t.Cleanup(func() { closeAll(t, l) })
	p, path := fileOf(t, l, Config{})
	put(t, p, "one")
	must(t, os.RemoveAll(filepath.Dir(path)))
	s, e := attach(t, p, "svc")
	say(t, e.Stdout, "two\n")
	e.Close()
	if err := <-missing; !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "cannot reopen log file") {
		t.Errorf("missing: %v", err)
	}
	if _, err := l.File(path, Config{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("opened: %v", err)
	}
	must(t, os.Mkdir(filepath.Dir(path), 0o755))
	again, err := l.File(path, Config{})
	if err != nil || again != p {
		t.Fatalf("opened: %v", err)
	}
	drain(t, s)
	if got := read(path); got != "two\n" || len(missing) != 0 {
		t.Errorf("the file has %q, and it was told %d times more", got, len(missing))
	}
}

// TestGoneAtTheEnd counts what cannot be written any more because the directory is gone.
func TestGoneAtTheEnd(t *testing.T) {
	l, err := New(Options{})
	must(t, err)
	p, path := fileOf(t, l, Config{})
	_, e := attach(t, p, "svc")
	defer e.Close()
	must(t, os.RemoveAll(filepath.Dir(path)))
	say(t, e.Stdout, "one\n")
	until(t, "it is read", func() bool { return p.Stats().Held > 0 })
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	var left *LeftError
	if err := l.Close(ctx); !errors.As(err, &left) || left.Left[0].Lines != 1 {
		t.Errorf("closed: %v", err)
	}
}

// TestReopenThen answers when lines go to the new file, and what has failed.
func TestReopenThen(t *testing.T) {
	p, path := fileOf(t, newLogs(t, func(Trouble) {}), Config{})
	result := make(chan error, 1)
	reopen := func() error {
		p.ReopenThen(func(err error) { result <- err })
		return <-result
	}
	must(t, reopen(), os.Rename(path, path+".1"), reopen())
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
	must(t, os.Rename(filepath.Dir(path), filepath.Dir(path)+"2"))
	if err := reopen(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("reopened: %v", err)
	}
	put(t, p, "one")
	if got := read(filepath.Dir(path) + "2/log"); got != "one\n" {
		t.Errorf("the moved file has %q", got)
	}
	p.Close()
	<-p.finished
	if err := reopen(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("reopened: %v", err)
	}
}

// TestWatches leaves no watch of a pump that is closed.
func TestWatches(t *testing.T) {
	l := newLogs(t, nil)
	dir := t.TempDir()
	var pumps []*Pump
	for _, name := range []string{"a", "b"} {
		p, err := l.File(filepath.Join(dir, name), Config{Stderr: filepath.Join(dir, name+".err")})
		must(t, err)
		pumps = append(pumps, p)
	}
	watched := func() int {
		l.watcher.mu.Lock()
		defer l.watcher.mu.Unlock()
		return len(l.watcher.dirs)
	}
	if watched() == 0 {
		t.Error("nothing is watched")
	}
	for _, p := range pumps {
		p.Close()
		<-p.finished
	}
	if n := watched(); n != 0 {
		t.Errorf("%d directories are watched", n)
	}
}

// TestOverflow looks at all files when the kernel has left out events.
func TestOverflow(t *testing.T) {
	l := newLogs(t, nil)
	p, _ := fileOf(t, l, Config{})
	event := make([]byte, unix.SizeofInotifyEvent)
	event[0], event[1], event[2], event[3] = 0xff, 0xff, 0xff, 0xff
	event[5] = unix.IN_Q_OVERFLOW >> 8
	if got := l.watcher.touched(event); !slices.Contains(got, p) {
		t.Errorf("looked at: %v", got)
	}
}

// TestAccess gives new files, and those that are opened, their owner and mode.
func TestAccess(t *testing.T) {
	defer unix.Umask(unix.Umask(0o077))
	l := newLogs(t, nil)
	dir := t.TempDir()
	id := 4321
	if os.Getuid() != 0 {
		id = os.Getuid()
	}
	c := Config{Rotation: Rotation{MaxSize: 4, Keep: 1}, Access: Access{Owned: true, UID: id, GID: -1, Mode: 0o644}}
	look := func(name string, uid int, mode uint32) {
		t.Helper()
		var st unix.Stat_t
		must(t, unix.Stat(filepath.Join(dir, name), &st))
		if int(st.Uid) != uid || st.Mode&0o7777 != mode {
			t.Errorf("%s: uid %d, mode %04o, want %d, %04o", name, st.Uid, st.Mode&0o7777, uid, mode)
		}
	}
	must(t, os.WriteFile(filepath.Join(dir, "old"), nil, 0o600), os.WriteFile(filepath.Join(dir, "linked"), nil, 0o600),
		os.Link(filepath.Join(dir, "linked"), filepath.Join(dir, "other")))
	p, err := l.File(filepath.Join(dir, "new"), c)
	must(t, err)
	put(t, p, "one", "two")
	look("new", id, 0o644)
	look("new.1", id, 0o644)
	_, err = l.File(filepath.Join(dir, "old"), c)
	must(t, err)
	look("old", id, 0o644)
	_, err = l.File(filepath.Join(dir, "linked"), c)
	must(t, err)
	look("linked", os.Getuid(), 0o600) // it may be somebody's who wants to have it
	q, err := l.File(filepath.Join(dir, "plain"), Config{})
	must(t, err)
	look("plain", os.Getuid(), 0o600)
	q.Configure(c)
	put(t, q, "one")
	look("plain", id, 0o644)
}

// TestStderrFile has a file for each stream.
func TestStderrFile(t *testing.T) {
	l := newLogs(t, nil)
	dir := t.TempDir()
	p, err := l.File(filepath.Join(dir, "out"), Config{Stderr: filepath.Join(dir, "err"), Rotation: Rotation{MaxSize: 10, Keep: 1}})
	must(t, err)
	s, e := attach(t, p, "svc")
	say(t, e.Stdout, "one\ntwo\n")
	say(t, e.Stderr, "three\nfour\nfive\n")
	e.Close()
	drain(t, s)
	if got := []string{read(dir + "/out"), read(dir + "/err"), read(dir + "/err.1")}; !slices.Equal(got, []string{"one\ntwo\n", "four\nfive\n", "three\n"}) {
		t.Errorf("the files have %q", got)
	}
	must(t, os.Remove(dir+"/err"))
	until(t, "it is there again", func() bool { _, err := os.Stat(dir + "/err"); return err == nil })
	if _, err := l.File(filepath.Join(dir, "x"), Config{Stderr: filepath.Join(dir, "no/where")}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("opened: %v", err)
	}
}
