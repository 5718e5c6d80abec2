package logs

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"supervise/internal/testproc"
)

// unzip returns what is in a rotated file, compressed or not.
func unzip(t *testing.T, path string) string {
	t.Helper()
	if !strings.HasSuffix(path, compressed) {
		return read(path)
	}
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	must(t, err)
	b, err := io.ReadAll(z)
	must(t, err)
	return string(b)
}

// files lists what there is of a log, by name.
func files(t *testing.T, path string) (names []string) {
	t.Helper()
	all, err := filepath.Glob(path + "*")
	must(t, err)
	for _, name := range all {
		names = append(names, filepath.Base(name))
	}
	return names
}

func untilFiles(t *testing.T, path string, want ...string) {
	t.Helper()
	until(t, fmt.Sprintf("the files are %q", want), func() bool { return slices.Equal(files(t, path), want) })
}

// TestCompress compresses what is rotated, with its owner, mode and time, and nothing is lost
// or doubled.
func TestCompress(t *testing.T) {
	p, path := fileOf(t, newLogs(t, nil), Config{Rotation: Rotation{MaxSize: 4, Keep: 3, Compress: true}, Access: Access{Mode: 0o604}})
	put(t, p, "one")
	put(t, p, "two")
	untilFiles(t, path, "log", "log.1.gz")
	put(t, p, "333")
	untilFiles(t, path, "log", "log.1.gz", "log.2.gz")
	put(t, p, "444")
	put(t, p, "555")
	untilFiles(t, path, "log", "log.1.gz", "log.2.gz", "log.3.gz")
	for i, want := range []string{"444\n", "333\n", "two\n"} {
		if got := unzip(t, fmt.Sprintf("%s.%d.gz", path, i+1)); got != want {
			t.Errorf("number %d has %q, want %q", i+1, got, want)
		}
	}
	var st unix.Stat_t
	must(t, unix.Stat(path+".1.gz", &st))
	if st.Mode&0o777 != 0o604 {
		t.Errorf("mode %04o", st.Mode&0o777)
	}
}

// TestCompressBusy rotates much faster than it is compressed.
func TestCompressBusy(t *testing.T) {
	const lines = 30_000
	p, path := fileOf(t, newLogs(t, nil), Config{Rotation: Rotation{MaxSize: 5000, Keep: 1000, Compress: true}})
	s, e := attach(t, p, "svc")
	var want strings.Builder
	for i := range lines {
		line := fmt.Sprintf("line %d\n", i)
		want.WriteString(line)
		say(t, e.Stdout, line)
	}
	e.Close()
	drain(t, s)
	until(t, "all is compressed", func() bool {
		return !slices.ContainsFunc(files(t, path), func(name string) bool {
			return name != "log" && !strings.HasSuffix(name, compressed) || strings.HasSuffix(name, unready)
		})
	})
	var got strings.Builder
	for i := len(files(t, path)) - 1; i > 0; i-- {
		got.WriteString(unzip(t, fmt.Sprintf("%s.%d.gz", path, i)))
	}
	got.WriteString(read(path))
	if got.String() != want.String() {
		t.Errorf("%d bytes in %d files, want %d", got.Len(), len(files(t, path)), want.Len())
	}
}

// TestCompressAgain begins with what a supervisor has left that was killed: at any moment of
// a compression or a rotation.
func TestCompressAgain(t *testing.T) {
	zipped := func(text string) string {
		var b strings.Builder
		z, err := newGzipper(&b, time.Now())
		must(t, err)
		_, err = io.WriteString(z, text)
		must(t, err, z.Close())
		return b.String()
	}
	for name, left := range map[string]map[string]string{
		"before it began":        {".1": "one\n", ".2": "two\n"},
		"in the middle":          {".1": "one\n", ".2": "two\n", ".gz.tmp": zipped("two\n")[:12]},
		"before the rename":      {".1": "one\n", ".2": "two\n", ".gz.tmp": zipped("two\n")},
		"before the removal":     {".1": "one\n", ".2": "two\n", ".2.gz": zipped("two\n")},
		"half is there":          {".1": "one\n", ".2": "two\n", ".1.gz": "", ".2.gz": zipped("two\n")[:15]},
		"in a rotation":          {".1.gz": zipped("one\n"), ".2": "two\n"},
		"a directory in its way": {".1": "one\n", ".2": "two\n", ".gz.tmp/x": ""},
		"with a gap":             {".1": "one\n", ".2.gz": zipped("two\n"), ".4": "four\n"},
		"beside others":          {".1": "one\n", ".2": "two\n", ".20240101": "dated\n", ".03": "03\n", ".x": "x\n"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "log")
			for end, text := range left {
				must(t, os.MkdirAll(filepath.Dir(path+end), 0o755), os.WriteFile(path+end, []byte(text), 0o600))
			}
			blocked := strings.HasPrefix(name, "a directory")
			report := func(n Trouble) {
				if !blocked || !strings.Contains(n.Err.Error(), "cannot compress") {
					t.Errorf("trouble: %+v", n)
				}
			}
			_, err := newLogs(t, report).File(path, Config{Rotation: Rotation{MaxSize: 4, Keep: 9, Compress: true}})
			must(t, err)
			if blocked {
				if unzip(t, path+".1") != "one\n" || unzip(t, path+".2") != "two\n" {
					t.Error("a file is lost")
				}
				return
			}
			want := []string{"log", "log.1.gz", "log.2.gz"}
			if left[".4"] != "" {
				want = append(want, "log.4.gz")
			}
			if left[".x"] != "" {
				want = []string{"log", "log.03", "log.1.gz", "log.2.gz", "log.20240101", "log.x"}
			}
			untilFiles(t, path, want...)
			if unzip(t, path+".1.gz") != "one\n" || unzip(t, path+".2.gz") != "two\n" {
				t.Error("a file is lost")
			}
		})
	}
}

// TestCompressChanged leaves a file alone to which somebody goes on writing.
func TestCompressChanged(t *testing.T) {
	dir := t.TempDir()
	f, err := openFile(filepath.Join(dir, "log"), Config{Rotation: Rotation{Keep: 2, Compress: true}})
	must(t, err)
	defer f.close()
	must(t, os.WriteFile(f.path+".1", []byte(strings.Repeat("line\n", 1_000_000)), 0o600))
	asked := 0
	_, err = f.tidy(f.Rotation, func() bool {
		if asked++; asked == 3 { // it reads
			w, err := os.OpenFile(f.path+".1", os.O_APPEND|os.O_WRONLY, 0)
			must(t, err)
			_, err = w.WriteString("more\n")
			must(t, err, w.Close())
		}
		return false
	})
	must(t, err)
	if got := files(t, f.path); !slices.Equal(got, []string{"log", "log.1"}) {
		t.Errorf("the files are %q", got)
	}
	calls := 0
	_, err = f.tidy(f.Rotation, func() bool { calls++; return calls > 3 }) // the supervisor ends
	must(t, err)
	if got := files(t, f.path); !slices.Equal(got, []string{"log", "log.1"}) {
		t.Errorf("the files are %q", got)
	}
	_, err = f.tidy(f.Rotation, func() bool { return false })
	must(t, err)
	if got := unzip(t, f.path+".1.gz"); !strings.HasSuffix(got, "line\nmore\n") || len(got) != 5_000_005 {
		t.Errorf("%d bytes", len(got))
	}
}

// TestCompressFullDisk has no room for what is compressed: the original stays, and the log
// goes on.
func TestCompressFullDisk(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can mount a small file system")
	}
	if !testproc.Alone(t, testproc.OwnNamespace) {
		return
	}
	dir := t.TempDir()
	if err := unix.Mount("none", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("cannot mount a small file system: %v", err)
	}
	path := filepath.Join(dir, "log")
	noise := make([]byte, 30_000)
	for i, x := 0, uint32(1); i < len(noise); i++ {
		x = x*1664525 + 1013904223
		noise[i] = 'a' + byte(x>>24)%26
	}
	must(t, os.WriteFile(path+".1", noise, 0o600), os.WriteFile(dir+"/ballast", make([]byte, 20<<10), 0o600))
	news := make(chan Trouble, 8)
	l := newLogs(t, func(n Trouble) { news <- n })
	c := Config{Rotation: Rotation{MaxSize: 100_000, Keep: 2, Compress: true}}
	p, err := l.File(path, c)
	must(t, err)
	if n := <-news; !errors.Is(n.Err, unix.ENOSPC) || !strings.Contains(n.Err.Error(), "cannot compress") {
		t.Errorf("reported: %+v", n)
	}
	if got := files(t, path); !slices.Equal(got, []string{"log", "log.1"}) || read(path+".1") != string(noise) {
		t.Errorf("the files are %q", got)
	}
	put(t, p, "one")
	must(t, os.Remove(dir+"/ballast"))
	p.Configure(c) // an occasion
	untilFiles(t, path, "log", "log.1.gz")
	if unzip(t, path+".1.gz") != string(noise) || read(path) != "one\n" {
		t.Error("something is lost")
	}
	closeAll(t, l)
	must(t, unix.Unmount(dir, unix.MNT_DETACH))
}

// TestMaxAge removes what is too old, and what becomes too old later.
func TestMaxAge(t *testing.T) {
	p, path := fileOf(t, newLogs(t, nil), Config{})
	age := func(name string, by time.Duration) {
		must(t, os.WriteFile(name, []byte("x\n"), 0o600), os.Chtimes(name, time.Now(), time.Now().Add(-by)))
	}
	age(path+".1", 0)
	age(path+".2", time.Hour-time.Second)
	age(path+".3.gz", time.Hour+time.Minute)
	age(path+".4", 2*time.Hour)
	p.Configure(Config{Rotation: Rotation{MaxSize: 100, Keep: 9, MaxAge: time.Hour}})
	untilFiles(t, path, "log", "log.1", "log.2")
	untilFiles(t, path, "log", "log.1") // without an occasion
}

// TestArchiverEnds does not keep Close from ending, and leaves no goroutine.
func TestArchiverEnds(t *testing.T) {
	l, err := New(Options{Report: func(n Trouble) { t.Errorf("trouble: %+v", n) }})
	must(t, err)
	path := filepath.Join(t.TempDir(), "log")
	must(t, os.WriteFile(path+".1", []byte(strings.Repeat("a line of the service\n", 3_000_000)), 0o600))
	_, err = l.File(path, Config{Rotation: Rotation{MaxSize: 4, Keep: 9, Compress: true}})
	must(t, err)
	until(t, "it compresses", func() bool { return slices.Contains(files(t, path), "log.gz.tmp") })
	must(t, l.Close(context.Background()))
	if got := files(t, path); !slices.Equal(got, []string{"log", "log.1"}) {
		t.Errorf("the files are %q", got)
	}
	l.tend(&file{Rotation: Rotation{Keep: 1, Compress: true}}) // too late
}

// killed writes lines "RUN.N" to a log file that is rotated and compressed all the time, until
// it is killed.
func killed(args []string) int {
	l, err := New(Options{})
	if err != nil {
		return 1
	}
	p, err := l.File(args[0], Config{Rotation: Rotation{MaxSize: 20_000, Keep: 10_000, Compress: true}})
	if err != nil {
		return 1
	}
	_, e, err := p.Attach("svc")
	if err != nil {
		return 1
	}
	for n := 0; ; n++ {
		if _, err := unix.Write(e.Stdout, fmt.Appendf(nil, "%s.%d\n", args[1], n)); err != nil {
			return 1
		}
	}
}

// numberOf is the number of a rotated file, 0 for the log itself.
func numberOf(name string) int {
	n, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(name, "log."), compressed))
	return n
}

// TestKilled kills what writes, rotates and compresses, at any moment, and goes on where that
// left off: what had got into a file is there once, and in order.
func TestKilled(t *testing.T) {
	const runs = 8
	path := filepath.Join(t.TempDir(), "log")
	for i := range runs {
		c := testproc.Command(t, "killed", path, fmt.Sprint(i))
		testproc.Start(t, c)
		before := len(files(t, path))
		until(t, "it has rotated some", func() bool { return len(files(t, path)) > before+i })
		must(t, c.Process.Kill())
		_ = c.Wait()
	}
	l := newLogs(t, nil)
	_, err := l.File(path, Config{Rotation: Rotation{MaxSize: 20_000, Keep: 10_000, Compress: true}})
	must(t, err)
	var all []string
	until(t, "all is compressed", func() bool {
		all = files(t, path)
		return !slices.ContainsFunc(all, func(name string) bool {
			return name != "log" && (!strings.HasSuffix(name, compressed) || strings.HasSuffix(name, unready))
		})
	})
	run, next, lines := 0, 0, 0
	slices.SortFunc(all, func(a, b string) int { return numberOf(b) - numberOf(a) })
	for _, name := range all {
		for line := range strings.Lines(unzip(t, filepath.Join(filepath.Dir(path), name))) {
			lines++
			if line == fmt.Sprintf("%d.0\n", run+1) {
				run, next = run+1, 0
			}
			want := fmt.Sprintf("%d.%d\n", run, next)
			if line != want && !strings.HasPrefix(want, strings.TrimSuffix(line, "\n")) { // one may be cut where it was killed
				t.Fatalf("%s: line %q, want %q", name, line, want)
			}
			next++
		}
	}
	if run != runs-1 {
		t.Errorf("lines of %d runs, want %d", run+1, runs)
	}
	t.Logf("%d lines in %d files", lines, len(all))
}

// TestCompressOfStrangers leaves alone what the owner of the directory has put among the
// rotated files: links to files that are somebody else's, and what never ends.
func TestCompressOfStrangers(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("to give a directory away takes root")
	}
	const stranger = 61001
	above := t.TempDir()
	dir, secret := filepath.Join(above, "his"), filepath.Join(above, "secret")
	path := filepath.Join(dir, "log")
	must(t, os.WriteFile(secret, []byte("secret\n"), 0o600), os.Mkdir(dir, 0o755), os.Chown(dir, stranger, stranger),
		os.Symlink(secret, path+".1"), unix.Mkfifo(path+".2", 0o600), os.Symlink(secret, path+unready), os.Link(secret, path+".4"),
		os.Mkdir(path+".5", 0o700), os.WriteFile(path+".6", []byte("mine\n"), 0o600), os.WriteFile(path+".3", []byte("mine\n"), 0o600))
	f, err := openFile(path, Config{Rotation: Rotation{MaxSize: 4, Keep: 9, Compress: true}, Access: Access{Owned: true, UID: stranger, GID: -1}})
	must(t, err)
	defer f.close()
	_, err = f.tidy(f.Rotation, func() bool { return false })
	if err == nil || !strings.Contains(err.Error(), "hard links") {
		t.Errorf("of the hard link it says: %v", err)
	}
	if got := files(t, path); slices.Contains(got, "log.4.gz") || slices.Contains(got, "log.1.gz") || !slices.Contains(got, "log.3.gz") || !slices.Contains(got, "log.6.gz") {
		t.Errorf("the files are %q", got)
	}
	var st unix.Stat_t
	must(t, unix.Stat(secret, &st))
	if st.Uid != 0 || st.Mode&0o777 != 0o600 || read(secret) != "secret\n" {
		t.Errorf("the secret belongs to %d, mode %04o: %q", st.Uid, st.Mode&0o777, read(secret))
	}
}
