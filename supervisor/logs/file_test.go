package logs

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// put writes lines to a pump and waits until they are written.
func put(t *testing.T, p *Pump, lines ...string) {
	t.Helper()
	for _, line := range lines {
		s, e := attach(t, p, "svc")
		say(t, e.Stdout, line+"\n")
		e.Close()
		drain(t, s)
	}
}

// contents returns the files of a log, the youngest first.
func contents(t *testing.T, path string) (text []string) {
	t.Helper()
	files := rotated(t, path)
	slices.Reverse(files)
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, string(b))
	}
	return text
}

func TestRotation(t *testing.T) {
	for _, c := range []struct {
		name   string
		before []string // FILE, FILE.1, ...
		Rotation
		lines []string
		want  []string
	}{
		{"never", nil, Rotation{}, []string{"one", "two"}, []string{"one\ntwo\n"}},
		{"fits exactly", nil, Rotation{MaxSize: 8, Keep: 3}, []string{"one", "two"}, []string{"one\ntwo\n"}},
		{"one too many", nil, Rotation{MaxSize: 8, Keep: 3}, []string{"one", "two", "3"}, []string{"3\n", "one\ntwo\n"}},
		{"several", nil, Rotation{MaxSize: 4, Keep: 2}, []string{"one", "two", "333", "444"}, []string{"444\n", "333\n", "two\n"}},
		{"keep none", nil, Rotation{MaxSize: 4}, []string{"one", "two"}, []string{"two\n"}},
		{"long line alone", nil, Rotation{MaxSize: 4, Keep: 3}, []string{"1", "longer", "3"}, []string{"3\n", "longer\n", "1\n"}},
		{"at once", nil, Rotation{MaxSize: 4, Keep: 9}, []string{"one\ntwo\n1\n2\nlonger"}, []string{"longer\n", "1\n2\n", "two\n", "one\n"}},
		{"after a restart", []string{"one\n"}, Rotation{MaxSize: 8, Keep: 1}, []string{"two", "3"}, []string{"3\n", "one\ntwo\n"}},
		{"too large already", []string{"a long line\n"}, Rotation{MaxSize: 4, Keep: 1}, []string{"two"}, []string{"two\n", "a long line\n"}},
		{"shifts up to a gap", []string{"one\n", "1\n", "", "3\n"}, Rotation{MaxSize: 4, Keep: 9}, []string{"two"}, []string{"two\n", "one\n", "1\n", "3\n"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "log")
			for i, text := range c.before {
				name := path
				if i > 0 {
					name += "." + string(rune('0'+i))
				}
				if text == "" {
					continue
				}
				if err := os.WriteFile(name, []byte(text), 0o640); err != nil {
					t.Fatal(err)
				}
			}
			p, err := newLogs(t, nil).File(path, Config{Rotation: c.Rotation})
			if err != nil {
				t.Fatal(err)
			}
			put(t, p, c.lines...)
			if got := contents(t, path); !slices.Equal(got, c.want) {
				t.Errorf("files: %q, want %q", got, c.want)
			}
		})
	}
}

func TestFileMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if _, err := newLogs(t, nil).File(path, Config{}); err != nil {
		t.Fatal(err)
	}
	st, err := os.Stat(path)
	if err != nil || st.Mode()&^0o640 != 0 {
		t.Errorf("mode %v, %v", st.Mode(), err)
	}
}

// TestRotationFails: the file keeps growing, which is reported, and nothing is lost.
func TestRotationFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	// A directory that is not empty cannot be removed, by root neither.
	if err := os.MkdirAll(filepath.Join(path+".1", "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	news := make(chan Trouble, 8)
	p, err := newLogs(t, func(n Trouble) { news <- n }).File(path, Config{Rotation: Rotation{MaxSize: 4, Keep: 1}})
	if err != nil {
		t.Fatal(err)
	}
	put(t, p, "one", "two", "333")
	n := <-news
	if n.Err == nil || !strings.Contains(n.Err.Error(), "cannot rotate log file") {
		t.Errorf("reported: %+v", n)
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "one\ntwo\n333\n" {
		t.Errorf("file: %q, %v", b, err)
	}
	if err := os.RemoveAll(path + ".1"); err != nil {
		t.Fatal(err)
	}
	put(t, p, "444")
	if got := contents(t, path); !slices.Equal(got, []string{"444\n", "one\ntwo\n333\n"}) {
		t.Errorf("files: %q", got)
	}
}

// TestMovedAway: what logrotate does, with and without telling us.
func TestMovedAway(t *testing.T) {
	for _, c := range []struct {
		name string
		move func(path string) error
		tell bool
		want []string // FILE, FILE.1
	}{
		{"moved and told", func(p string) error { return os.Rename(p, p+".1") }, true, []string{"two\n", "one\n"}},
		{"moved, not told", func(p string) error { return os.Rename(p, p+".1") }, false, []string{"", "one\ntwo\n"}},
		{"told without cause", func(string) error { return nil }, true, []string{"one\ntwo\n"}},
		{"emptied", func(p string) error { return os.Truncate(p, 0) }, false, []string{"two\n"}},
		{"another in its place", func(p string) error {
			return errors.Join(os.Rename(p, p+".1"), os.WriteFile(p, []byte("new\n"), 0o600))
		}, true, []string{"new\ntwo\n", "one\n"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "log")
			p, err := newLogs(t, nil).File(path, Config{Rotation: Rotation{MaxSize: 9, Keep: 5}})
			if err != nil {
				t.Fatal(err)
			}
			put(t, p, "one")
			if err := c.move(path); err != nil {
				t.Fatal(err)
			}
			if c.tell {
				p.Reopen()
			}
			put(t, p, "two")
			if c.want[0] == "" {
				if _, err := os.Stat(path); err == nil {
					t.Error("a new file")
				}
				// A rotation notices, and moves nobody else's file.
				put(t, p, "three")
				c.want[0] = "three\n"
			}
			if got := contents(t, path); !slices.Equal(got, c.want) {
				t.Errorf("files: %q, want %q", got, c.want)
			}
		})
	}
}

// TestReopenFails: the old file stays in use, which is reported.
func TestReopenFails(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	news := make(chan Trouble, 8)
	p, err := newLogs(t, func(n Trouble) { news <- n }).File(filepath.Join(dir, "log"), Config{})
	if err != nil {
		t.Fatal(err)
	}
	put(t, p, "one")
	if err := os.Rename(dir, dir+"b"); err != nil {
		t.Fatal(err)
	}
	p.Reopen()
	if n := <-news; !errors.Is(n.Err, fs.ErrNotExist) || !strings.Contains(n.Err.Error(), "cannot reopen") {
		t.Errorf("reported: %+v", n)
	}
	put(t, p, "two")
	if b, err := os.ReadFile(filepath.Join(dir+"b", "log")); err != nil || string(b) != "one\ntwo\n" {
		t.Errorf("file: %q, %v", b, err)
	}
}

func TestFileErrors(t *testing.T) {
	l := newLogs(t, nil)
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	if err := os.Symlink("target", link); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, want string }{
		{
			filepath.Join(dir, "no/such/log"),
			`cannot open log file "DIR/no/such/log": open: the directory "DIR/no/such" does not exist: no such file or directory`,
		},
		{link, `cannot open log file "DIR/link": open: it is a symbolic link, which is not followed: too many levels of symbolic links`},
		{dir, `cannot open log file "DIR": open: is a directory`},
	} {
		_, err := l.File(c.path, Config{})
		if err == nil || strings.ReplaceAll(err.Error(), dir, "DIR") != c.want {
			t.Errorf("%s: %v, want %s", c.path, err, c.want)
		}
	}
}

// TestSameFile: one file has one pump, which the last user closes.
func TestSameFile(t *testing.T) {
	l := newLogs(t, nil)
	path := filepath.Join(t.TempDir(), "log")
	a, err := l.File(path, Config{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := l.File(filepath.Dir(path)+"/./log", Config{})
	if err != nil || a != b {
		t.Fatalf("two pumps: %v", err)
	}
	a.Close()
	put(t, b, "one")
	b.Close()
	<-b.finished
	c, err := l.File(path, Config{})
	if err != nil || c == a {
		t.Fatalf("a closed pump: %v", err)
	}
	put(t, c, "two")
	if got := contents(t, path); !slices.Equal(got, []string{"one\ntwo\n"}) {
		t.Errorf("file: %q", got)
	}
}

// TestFIFO: a FIFO as a log file blocks nobody, and keeps for the next reader what it holds.
func TestFIFO(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	l := newLogs(t, nil)
	p, err := l.File(path, Config{Rotation: Rotation{MaxSize: 1, Keep: 1}})
	if err != nil {
		t.Fatal(err)
	}
	put(t, p, "before the first reader")
	expect := func(want string) {
		t.Helper()
		r, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		got := make([]byte, len(want))
		if _, err := io.ReadFull(r, got); err != nil || string(got) != want {
			t.Errorf("read %.100q, %v", got, err)
		}
	}
	expect("before the first reader\n")
	put(t, p, "between two readers")
	expect("between two readers\n")

	text := strings.Repeat("a line of the service\n", 20000)
	_, e := attach(t, p, "svc")
	go func() {
		say(t, e.Stdout, text)
		e.Close()
	}()
	until(t, "the pump is stuck", func() bool { return p.Stats().Stuck })
	p.Reopen()
	expect(text)
}

func TestFit(t *testing.T) {
	regular := unix.Stat_t{Mode: unix.S_IFREG}
	for _, c := range []struct {
		name string
		file *file
		b    string
		want int
	}{
		{"no limit", &file{st: regular, size: 99}, "a\nb\n", 4},
		{"not a regular file", &file{Rotation: Rotation{MaxSize: 1}}, "a\nb\n", 4},
		{"room for all", &file{Rotation: Rotation{MaxSize: 9}, st: regular, size: 5}, "a\nb\n", 4},
		{"room for a line", &file{Rotation: Rotation{MaxSize: 9}, st: regular, size: 6}, "a\nb\n", 2},
		{"no room", &file{Rotation: Rotation{MaxSize: 9}, st: regular, size: 8}, "a\nb\n", 0},
		{"no room, but empty", &file{Rotation: Rotation{MaxSize: 1}, st: regular}, "a\nb\n", 2},
		{"no room, in a line", &file{Rotation: Rotation{MaxSize: 9}, st: regular, size: 9, inLine: true}, "a\nb\n", 2},
		{"too large, in a line", &file{Rotation: Rotation{MaxSize: 9}, st: regular, size: 99, inLine: true}, "a\nb\n", 2},
		{"rotation failed", &file{Rotation: Rotation{MaxSize: 9}, st: regular, size: 12, retrySize: 18}, "a\nb\n", 4},
		{"no newline", &file{Rotation: Rotation{MaxSize: 1}, st: regular}, "ab", 2},
	} {
		if got := c.file.fit([]byte(c.b)); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

// TestConfigure gives a log file another format and rotation between two lines.
func TestConfigure(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	p, err := newLogs(t, nil).File(path, Config{})
	if err != nil {
		t.Fatal(err)
	}
	put(t, p, "one")
	p.Configure(Config{Format: JSON, Rotation: Rotation{MaxSize: 8, Keep: 1}})
	put(t, p, "two")
	p.Configure(Config{Rotation: Rotation{MaxSize: 1 << 20, Keep: 1}})
	put(t, p, "three")
	got := contents(t, path)
	if len(got) != 2 || got[1] != "one\n" || !strings.HasPrefix(got[0], `{"time":`) || !strings.HasSuffix(got[0], "}\nthree\n") {
		t.Errorf("the files have %q", got)
	}
}

// TestReleased: of large files that rotation has removed nothing is left open.
func TestReleased(t *testing.T) {
	p, path := fileOf(t, newLogs(t, nil), Config{Rotation: Rotation{MaxSize: 2 * releaseAside, Keep: 1}})
	s, e := attach(t, p, "svc")
	const files = 8
	say(t, e.Stdout, strings.Repeat("a line\n", files*2*releaseAside/len("a line\n")))
	e.Close()
	drain(t, s)
	open := func() (n int) {
		all, err := filepath.Glob("/proc/self/fd/*")
		must(t, err)
		for _, fd := range all {
			if to, _ := os.Readlink(fd); strings.HasPrefix(to, path) {
				n++
			}
		}
		return n
	}
	until(t, "only the log file is open", func() bool { return open() == 1 })
	for _, name := range []string{path, path + ".1"} {
		if st, err := os.Stat(name); err != nil || st.Size() > 2*releaseAside {
			t.Errorf("%s: %v, %v", name, st, err)
		}
	}
}
