package control

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"supervise/internal/testproc"
	"supervise/supervisor/control/client"
	"supervise/supervisor/control/request"
)

// record keeps what comes as text.
func record(calls chan string) func(*Call) {
	return func(call *Call) {
		text, _ := request.Marshal(call.Request)
		calls <- string(text)
		call.Fail(request.Failed, "not today")
	}
}

func write(t *testing.T, path string, texts ...string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range texts {
		if _, err := file.WriteString(text); err != nil {
			t.Error(err)
		}
	}
	if err := file.Close(); err != nil {
		t.Error(err)
	}
}

// TestStrangersServices opens where a stranger could write, and has put something in the place
// of the directory of the services' FIFOs: it is not his any more.
func TestStrangersServices(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("to give a file away takes root")
	}
	const stranger = 61_001
	for name, put := range map[string]func(path string) error{
		"an empty directory": func(path string) error { return os.Mkdir(path, 0o777) },
		"a FIFO in it": func(path string) error {
			return errors.Join(os.MkdirAll(path+"/web", 0o777), unix.Mkfifo(path+"/web/control", 0o666))
		},
		"a FIFO":      func(path string) error { return unix.Mkfifo(path, 0o666) },
		"a link away": func(path string) error { return os.Symlink("/tmp", path) },
		"a link":      func(path string) error { return os.Symlink(".", path) },
		"a file":      func(path string) error { return os.WriteFile(path, nil, 0o666) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			services := filepath.Join(dir, "services")
			if err := errors.Join(put(services), os.Lchown(services, stranger, stranger)); err != nil {
				t.Fatal(err)
			}
			serve(t, dir, func(*Call) {}, func(o *Options) { o.Services = []string{"web"} })
			for path, want := range map[string]os.FileMode{services: os.ModeDir | 0o755, services + "/web/control": os.ModeNamedPipe | 0o600} {
				info, err := os.Lstat(path)
				if err != nil {
					t.Fatal(err)
				}
				if uid := info.Sys().(*syscall.Stat_t).Uid; info.Mode() != want || uid != 0 {
					t.Errorf("%s: %v of uid %d", path, info.Mode(), uid)
				}
			}
		})
	}
}

func TestFIFO(t *testing.T) {
	dir := t.TempDir()
	main, web := filepath.Join(dir, "control"), filepath.Join(dir, "services", "web", "control")
	if err := os.WriteFile(main, []byte("written while nobody was there"), 0o644); err != nil {
		t.Fatal(err)
	}
	calls := make(chan string, 100)
	l := serve(t, dir, record(calls), func(o *Options) { o.Services = []string{"web"} })
	expect := func(want string) {
		t.Helper()
		if got := <-calls; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	reported := func(want string) {
		t.Helper()
		if got := (<-l.reports).Error(); !strings.Contains(got, want) {
			t.Errorf("reported %q, want %q", got, want)
		}
	}
	write(t, main, "restart web\nsignal web HUP\n\n# no\nshut", "down\n")
	expect(`{"verb":"restart","services":["web"]}`)
	reported("not today")
	expect(`{"verb":"signal","service":"web","signal":"SIGHUP","scope":"main"}`)
	reported("not today")
	expect(`{"verb":"shutdown"}`)
	reported("not today")
	write(t, main, "stop web") // ends with its writer
	expect(`{"verb":"stop","services":["web"]}`)
	reported("not today")
	write(t, web, "d\n")
	expect(`{"verb":"stop","services":["web"]}`)
	reported("not today")
	if err := client.Command(dir, "services/web/control", "u"); err != nil {
		t.Error(err)
	}
	expect(`{"verb":"start","services":["web"]}`)
	for _, path := range []string{main, web} {
		info, err := os.Stat(path)
		if err != nil || info.Mode() != os.ModeNamedPipe|0o600 {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}
	l.SetServices([]string{"db"})
	eventually(t, "the FIFOs have changed", func() bool {
		_, err := os.Stat(web)
		_, err2 := os.Stat(filepath.Join(dir, "services", "db", "control"))
		return err != nil && err2 == nil
	})
	if err := client.Command(dir, "services/db/control", "u"); err != nil {
		t.Error(err)
	}
	expect(`{"verb":"start","services":["db"]}`)

	open, err := os.OpenFile(main, os.O_WRONLY, 0) // stays open beyond the server
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	l.shutNow()
	if _, err := open.WriteString("shutdown\n"); !errors.Is(err, syscall.EPIPE) {
		t.Error("after the end:", err)
	}
	var not *client.NotRunningError
	if err := client.Command(dir, "control", "shutdown"); !errors.As(err, &not) {
		t.Error(err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestFewDescriptors opens a server where descriptors run out, at each of those that it
// wants: it says so, or does without what it can, and leaves nothing.
func TestFewDescriptors(t *testing.T) {
	if !testproc.Alone(t, testproc.OwnProcess) {
		return
	}
	base := t.TempDir()
	probe, err := os.Open(base)
	if err != nil {
		t.Fatal(err)
	}
	lowest := uint64(probe.Fd())
	_ = probe.Close()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	const enough = 12
	for extra := range uint64(enough + 1) {
		dir := root(base)
		few := limit
		few.Cur = lowest + 1 + extra
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &few); err != nil {
			t.Fatal(err)
		}
		s, _, err := Open(Options{Dir: dir, Services: []string{"web"}, Mode: 0o600, Group: -1, Wake: func() {}})
		if err == nil {
			s.Close()
		}
		if failed := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); failed != nil {
			t.Fatal(failed)
		}
		if (err == nil) != (extra == enough) && (extra == 0 || extra == enough) {
			t.Errorf("with %d descriptors: %v", extra, err)
		}
		if err != nil && !errors.Is(err, syscall.EMFILE) {
			t.Errorf("with %d descriptors: %v", extra, err)
		}
		if left, err := os.ReadDir(base); len(left) != 0 || err != nil {
			t.Fatalf("with %d descriptors are left: %v, %v", extra, left, err)
		}
		_ = dir.Close()
	}
}

// TestNobodyReads is the FIFO of a killed supervisor.
func TestNobodyReads(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mkfifo(filepath.Join(dir, "control"), 0o600); err != nil {
		t.Fatal(err)
	}
	var not *client.NotRunningError
	if err := client.Command(dir, "control", "shutdown"); !errors.As(err, &not) {
		t.Error(err)
	}
}

// TestFIFOGarbage writes what no program would, and a command behind it.
func TestFIFOGarbage(t *testing.T) {
	dir := t.TempDir()
	calls := make(chan string, 100)
	l := serve(t, dir, record(calls), func(o *Options) { o.Services = []string{"web"} })
	main := filepath.Join(dir, "control")
	binary := make([]byte, 1<<20)
	for i := range binary {
		binary[i] = byte(i * 7 >> 3)
	}
	endless := strings.Repeat("stop web ", 1<<17) // one line of a megabyte
	for _, garbage := range []string{endless, string(binary), strings.Repeat("\n", 1<<16), "\x00"} {
		before := l.Counts().Errors
		write(t, main, garbage, "\nrestart web\n")
		if got := <-calls; got != `{"verb":"restart","services":["web"]}` {
			t.Errorf("got %s", got)
		}
		if garbage != strings.Repeat("\n", 1<<16) && l.Counts().Errors == before {
			t.Errorf("%.20q is not counted", garbage)
		}
	}
	write(t, filepath.Join(dir, "services", "web", "control"), strings.Repeat("\xffz", 1<<16), "r")
	if got := <-calls; got != `{"verb":"restart","services":["web"]}` {
		t.Errorf("got %s", got)
	}
	if cap(l.fifos.main.line) > 4*request.MaxLine {
		t.Errorf("the buffer of a line has %d bytes", cap(l.fifos.main.line))
	}
	if n := len(l.reports); n > 50 {
		t.Errorf("%d reports", n)
	}
}

// TestManyFIFOs has as many services as may be and looks at what they cost.
func TestManyFIFOs(t *testing.T) {
	names := make([]string, 500)
	for i := range names {
		names[i] = fmt.Sprintf("service-%d", i)
	}
	before, files := runtime.NumGoroutine(), descriptors(t)
	dir := t.TempDir()
	calls := make(chan string, 500)
	l := serve(t, dir, record(calls), func(o *Options) { o.Services = names })
	if n := runtime.NumGoroutine() - before; n > 5 {
		t.Errorf("%d goroutines", n)
	}
	for _, name := range names {
		if err := client.Command(dir, "services/"+name+"/control", "t"); err != nil {
			t.Fatal(err)
		}
	}
	for range names {
		<-calls
	}
	l.shutNow()
	if n := descriptors(t) - files; n > 0 {
		t.Errorf("%d descriptors are left", n)
	}
}

// FuzzFIFO holds that it does not matter in which pieces text is read.
func FuzzFIFO(f *testing.F) {
	f.Add([]byte("restart web\nstop db\n\x00\nsignal web HUP 1"), uint8(3))
	f.Add([]byte(strings.Repeat("a", 3000)+"\nshutdown\n"), uint8(200))
	parse := func(text []byte, piece int) (calls []string, errors uint64) {
		s := &Server{inbox: make(chan item, len(text)+1), closed: make(chan struct{}), errors: newReporter(nil)}
		s.options.Wake = func() {}
		one := &fifo{all: &fifos{server: s}}
		for len(text) > 0 {
			n := min(piece, len(text))
			one.feed(text[:n])
			text = text[n:]
		}
		one.end()
		close(s.inbox)
		for i := range s.inbox {
			line, _ := request.Marshal(i.call.Request)
			calls = append(calls, string(line))
		}
		return calls, s.errors.count.Load()
	}
	f.Fuzz(func(t *testing.T, text []byte, piece uint8) {
		if len(text) > 1<<14 {
			return
		}
		whole, errors := parse(text, len(text)+1)
		pieces, errors2 := parse(text, int(piece)+1)
		if fmt.Sprint(whole) != fmt.Sprint(pieces) || errors != errors2 {
			t.Errorf("whole: %v, %d errors; in pieces: %v, %d", whole, errors, pieces, errors2)
		}
	})
}
