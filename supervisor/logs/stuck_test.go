package logs

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// pipe returns a pipe that holds one page. Its writing end is blocking, and not an
// os.File, which would change that.
func pipe(t *testing.T) (r *os.File, w int, closeW func()) {
	t.Helper()
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	r = os.NewFile(uintptr(fds[0]), "pipe")
	closeW = sync.OnceFunc(func() { unix.Close(fds[1]) })
	t.Cleanup(func() { r.Close(); closeW() })
	if _, err := unix.FcntlInt(uintptr(fds[1]), unix.F_SETPIPE_SZ, 4096); err != nil {
		t.Fatal(err)
	}
	return r, fds[1], closeW
}

func cancelled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// TestStuckConsole: a console that nobody reads stops its own services, nobody else, and
// everything arrives when it is read.
func TestStuckConsole(t *testing.T) {
	l := newLogs(t, nil)
	r, w, _ := pipe(t)
	console, err := l.Console(Console{Stdout: w, Stderr: w})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "log")
	file, err := l.File(path, Config{})
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("a line of the service\n", 60000)
	_, stuck := attach(t, console, "svc")
	wrote := make(chan bool)
	go func() {
		say(t, stuck.Stdout, text)
		stuck.Close()
		wrote <- true
	}()
	until(t, "the pump is stuck", func() bool { return console.Stats().Stuck })

	s, e := attach(t, file, "other")
	say(t, e.Stdout, "not stuck\n")
	e.Close()
	drain(t, s)
	select {
	case <-wrote:
		t.Error("1.3 MB went into a pipe that nobody reads")
	default:
	}
	if flags, _ := unix.FcntlInt(uintptr(w), unix.F_GETFL, 0); flags&unix.O_NONBLOCK != 0 {
		t.Error("the console is non-blocking now for everybody")
	}

	want := strings.ReplaceAll(text, "a line", "svc | a line")
	got := make([]byte, len(want))
	if _, err := io.ReadFull(r, got); err != nil || string(got) != want {
		t.Errorf("what was read differs: %v", err)
	}
	<-wrote
}

// TestSharedNonblocking: somebody else has made the console non-blocking, and it cannot be
// opened once more.
func TestSharedNonblocking(t *testing.T) {
	l := newLogs(t, nil)
	r, w, _ := pipe(t)
	if err := unix.SetNonblock(w, true); err != nil {
		t.Fatal(err)
	}
	p := into(t, l, layout{}, &console{name: "standard output", given: w, own: -1})
	text := strings.Repeat("a line of the service\n", 60000)
	_, e := attach(t, p, "svc")
	go func() {
		say(t, e.Stdout, text)
		e.Close()
	}()
	until(t, "the pump is stuck", func() bool { return p.Stats().Stuck })
	got := make([]byte, len(text))
	if _, err := io.ReadFull(r, got); err != nil || string(got) != text {
		t.Errorf("what was read differs: %v", err)
	}
}

// TestSocket: a socket, which is what systemd gives, is not waited for either.
func TestSocket(t *testing.T) {
	l := newLogs(t, nil)
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	r := os.NewFile(uintptr(fds[0]), "socket")
	defer r.Close()
	defer unix.Close(fds[1])
	p, err := l.Console(Console{Stdout: fds[1], Stderr: fds[1], Format: JSON})
	if err != nil {
		t.Fatal(err)
	}
	_, e := attach(t, p, "svc")
	go func() {
		say(t, e.Stdout, strings.Repeat("a line of the service\n", 50000))
		e.Close()
	}()
	until(t, "the pump is stuck", func() bool { return p.Stats().Stuck })
	got := make(chan int)
	go func() {
		b, _ := io.ReadAll(r)
		got <- strings.Count(string(b), `"line":"a line of the service"}`)
	}()
	until(t, "all is read", func() bool { return p.Stats().Sources == 0 && p.Stats().Held == 0 })
	closeAll(t, l)
	_ = unix.Shutdown(fds[1], unix.SHUT_WR)
	if n := <-got; n != 50000 {
		t.Errorf("%d lines arrived", n)
	}
}

// TestReaderGone: the reader of the console leaves. That is reported once; services go on.
func TestReaderGone(t *testing.T) {
	news := make(chan Trouble, 8)
	l := newLogs(t, func(n Trouble) { news <- n })
	r, w, _ := pipe(t)
	p, err := l.Console(Console{Stdout: w, Stderr: w})
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	s, e := attach(t, p, "svc")
	const lines = 20000
	say(t, e.Stdout, strings.Repeat("line\n", lines))
	e.Close()
	drain(t, s)
	n := <-news
	if !n.Gone || !errors.Is(n.Err, unix.EPIPE) || len(news) > 0 {
		t.Errorf("reported: %+v, and %d more", n, len(news))
	}
	if s := p.Stats(); s.LostLines != lines || s.LostBytes != lines*11 {
		t.Errorf("%+v", s)
	}
}

// TestFullDisk: nothing is lost, and both the failure and the recovery are reported.
func TestFullDisk(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can mount a small file system; TestNoSpace simulates one")
	}
	dir := t.TempDir()
	if err := unix.Mount("none", dir, "tmpfs", 0, "size=128k"); err != nil {
		t.Skipf("cannot mount a small file system: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 110<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	news := make(chan Trouble, 8)
	l := newLogs(t, func(n Trouble) { news <- n })
	path := filepath.Join(dir, "log")
	p, err := l.File(path, Config{})
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("0123456789abcde\n", 5000)
	s, e := attach(t, p, "svc")
	go func() {
		say(t, e.Stdout, text)
		e.Close()
	}()
	if n := <-news; !errors.Is(n.Err, unix.ENOSPC) || n.Waiting == 0 || !strings.Contains(n.Err.Error(), path) {
		t.Errorf("reported: %+v", n)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if n := <-news; !n.Over || n.For <= 0 {
		t.Errorf("reported: %+v", n)
	}
	until(t, "all is read", func() bool { return p.Stats().Sources == 0 })
	drain(t, s)
	if got, err := os.ReadFile(path); err != nil || string(got) != text {
		t.Errorf("%d bytes in the file, want %d; %v", len(got), len(text), err)
	}
}

// TestNoSpace: the same, with the error made up, and what can happen meanwhile.
func TestNoSpace(t *testing.T) {
	news := make(chan Trouble, 8)
	l := newLogs(t, func(n Trouble) { news <- n })
	m := newMemory(unix.ENOSPC, unix.ENOSPC, unix.EINTR, unix.EDQUOT)
	p := into(t, l, layout{}, m)
	s, e := attach(t, p, "svc")
	say(t, e.Stdout, "one\n")
	for i, want := range []error{unix.ENOSPC, unix.EDQUOT, nil} {
		n := <-news
		if !errors.Is(n.Err, want) || n.Over != (want == nil) {
			t.Errorf("reported %d: %+v", i, n)
		}
	}
	say(t, e.Stdout, "two\n")
	e.Close()
	drain(t, s)
	if got := m.String(); got != "one\ntwo\n" || len(news) > 0 {
		t.Errorf("written: %q", got)
	}
}

// TestCloseGivesUp: Close says what is left, and leaves nothing behind.
func TestCloseGivesUp(t *testing.T) {
	news := make(chan Trouble, 8)
	l := newLogs(t, func(n Trouble) { news <- n })
	p, err := l.File("/dev/full", Config{Rotation: Rotation{MaxSize: 1}})
	if err != nil {
		t.Fatal(err)
	}
	s, e := attach(t, p, "svc")
	defer e.Close()
	say(t, e.Stdout, "one\ntwo\nthree")
	<-news
	until(t, "parked", func() bool { return p.Stats().Stuck })
	say(t, e.Stdout, "more")
	say(t, e.Stderr, "and more")
	calls := make(chan Drained, 1)
	s.Drain(patience, func(d Drained) { calls <- d })

	err = l.Close(cancelled())
	var left *LeftError
	if !errors.As(err, &left) || !errors.Is(err, context.Canceled) {
		t.Fatalf("closed: %v", err)
	}
	want := `cannot write all output: log file "/dev/full": 8 bytes (2 lines) and 12 unread bytes left: context canceled`
	if err.Error() != want {
		t.Errorf("closed: %v\nwant %s", err, want)
	}
	if d := <-calls; d.Complete {
		t.Errorf("drained: %+v", d)
	}
	if n, err := unix.Write(e.Stdout, []byte("x")); err != unix.EPIPE {
		t.Errorf("the pipe is open: %d, %v", n, err)
	}
}

// TestCloseOfHungWrite: a pump that hangs in write(2) holds up Close no longer than it may.
func TestCloseOfHungWrite(t *testing.T) {
	l, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	r, w, _ := pipe(t)
	p := into(t, l, layout{}, &console{name: "standard output", given: w, own: -1})
	_, e := attach(t, p, "svc")
	say(t, e.Stdout, strings.Repeat("line\n", 10000))
	e.Close()
	until(t, "a write hangs", func() bool { return p.Stats().Held > 0 })
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	var left *LeftError
	if err := l.Close(ctx); !errors.As(err, &left) || !errors.Is(err, context.DeadlineExceeded) || left.Left[0].Bytes < 40000 {
		t.Fatalf("closed: %v", err)
	}
	go func() { _, _ = io.Copy(io.Discard, r) }()
	<-p.finished
}
