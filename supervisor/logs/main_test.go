package logs

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"supervise/internal/testproc"
	"supervise/internal/text/escape"
)

var update = flag.Bool("update", false, "write the golden files anew")

// patience bounds every wait of a test. It decides only how long a failure takes.
const patience = 60 * time.Second

func TestMain(m *testing.M) {
	testproc.Role("flood", flood)
	testproc.Role("chat", chat)
	testproc.Role("grandchild", grandchild)
	testproc.Role("hold", hold)
	testproc.Role("killed", killed)
	testproc.Main(m)
}

// flood writes TOTAL bytes of lines, SIZE bytes a write. It makes the system calls itself,
// for the benchmark is not of package os.
func flood(args []string) int {
	total, size := number(args[0]), number(args[1])
	line := []byte(strings.Repeat("x", 99) + "\n")
	block := bytes.Repeat(line, size/len(line)+1)[:size]
	for n := 0; n < total; n += size {
		if m, err := unix.Write(1, block); m != size {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return 0
}

// chat writes what script(SEED, LINES, LONGEST) says, in pieces that end anywhere.
func chat(args []string) int {
	seed, lines, longest := uint64(number(args[0])), number(args[1]), number(args[2])
	r := rand.New(rand.NewPCG(seed, 99))
	var text [2][]byte
	for i := range text {
		text[i] = []byte(strings.Join(script{seed, lines, longest}.lines(i), "\n"))
	}
	for len(text[0])+len(text[1]) > 0 {
		i := r.IntN(2)
		n := min(len(text[i]), 1+r.IntN(1<<r.IntN(15)))
		if m, err := unix.Write(1+i, text[i][:n]); err != nil {
			return 1
		} else if m != n {
			return 3
		}
		text[i] = text[i][n:]
	}
	return 0
}

// script is what a chat writes: so many lines to each stream, a few of them up to longest
// bytes long, the last one without its newline.
type script struct {
	seed           uint64
	count, longest int
}

// lines returns what is written to stream 0, standard output, or 1. Each line says where
// it belongs.
func (s script) lines(stream int) []string {
	r := rand.New(rand.NewPCG(s.seed, uint64(stream)))
	text := make([]string, s.count)
	for i := range text {
		n := r.IntN(120)
		if r.IntN(200) == 0 {
			n = r.IntN(s.longest - 40)
		}
		word := []string{"a", "é", "☃", "𝄞", "word and ", "é𝄞"}[r.IntN(6)]
		text[i] = fmt.Sprintf("%d.%d.%d %s.", s.seed, stream, i, strings.Repeat(word, n/len(word)))
	}
	return text
}

func (s script) String() string { return fmt.Sprint("chat ", s.seed, s.count, s.longest) }

// grandchild writes a line, leaves a process behind that holds the pipes for as long as
// descriptor 3 is open, and ends.
func grandchild([]string) int {
	fmt.Println("before")
	c := exec.Command("/proc/self/exe")
	c.Env = testproc.Environ("hold")
	c.Stdin = os.NewFile(3, "hold")
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	if err := c.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Print("after")
	return 0
}

func hold([]string) int {
	_, _ = io.Copy(io.Discard, os.Stdin)
	return 0
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}

// start runs a role with its output on ends, which it closes.
func start(t testing.TB, e Ends, words string, extra ...*os.File) *exec.Cmd {
	t.Helper()
	role := strings.Fields(words)
	c := testproc.Command(t, role[0], role[1:]...)
	out, errs := os.NewFile(uintptr(e.Stdout), "stdout"), os.NewFile(uintptr(e.Stderr), "stderr")
	c.Stdout, c.Stderr, c.ExtraFiles = out, errs, extra
	defer out.Close()
	defer errs.Close()
	testproc.Start(t, c)
	return c
}

// newLogs returns a Logs that must have nothing left at the end of the test.
func newLogs(t testing.TB, report func(Trouble)) *Logs {
	t.Helper()
	t.TempDir() // the first one decides when all are removed: when nobody watches them any more
	if report == nil {
		report = func(n Trouble) { t.Errorf("trouble: %+v", n) }
	}
	l, err := New(Options{Report: report})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeAll(t, l) })
	return l
}

func closeAll(t testing.TB, l *Logs) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := l.Close(ctx); err != nil {
		t.Error(err)
	}
}

func attach(t testing.TB, p *Pump, service string) (*Source, Ends) {
	t.Helper()
	s, e, err := p.Attach(service)
	if err != nil {
		t.Fatal(err)
	}
	return s, e
}

// drain waits until s is drained.
func drain(t testing.TB, s *Source) Drained {
	t.Helper()
	c := make(chan Drained, 1)
	s.Drain(patience, func(d Drained) { c <- d })
	d := <-c
	if !d.Complete {
		t.Error("not everything was read")
	}
	return d
}

// say writes text to a pipe.
func say(t testing.TB, fd int, text string) {
	t.Helper()
	for text != "" {
		n, err := unix.Write(fd, []byte(text))
		if err != nil && !errors.Is(err, unix.EINTR) {
			t.Fatal(err)
		}
		text = text[max(n, 0):]
	}
}

// until polls for something that no event reports.
func until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	look := time.NewTicker(500 * time.Microsecond)
	defer look.Stop()
	for end := time.Now().Add(patience); !holds(); <-look.C {
		if time.Now().After(end) {
			t.Fatalf("not in time: %s", what)
		}
	}
}

// reader is a pipe whose other end stands for the supervisor's output.
type reader struct {
	w    *os.File
	text chan string
}

// collect reads everything until w is closed, here and where it was opened once more.
func collect(t testing.TB) *reader {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c := &reader{w: w, text: make(chan string, 1)}
	t.Cleanup(func() { w.Close() })
	go func() {
		b, _ := io.ReadAll(r)
		r.Close()
		c.text <- string(b)
	}()
	return c
}

func (c *reader) fd() int { return int(c.w.Fd()) }

func (c *reader) all() string {
	c.w.Close()
	return <-c.text
}

// memory is a destination in memory, which fails as the test says.
type memory struct {
	text   chan []byte // one value: what was written
	errs   chan error  // the next results of write; none is success
	full   atomic.Bool // ENOSPC from now on
	closed chan struct{}
}

func newMemory(errs ...error) *memory {
	m := &memory{text: make(chan []byte, 1), errs: make(chan error, 16), closed: make(chan struct{})}
	m.text <- nil
	for _, err := range errs {
		m.errs <- err
	}
	return m
}

func (m *memory) write(b []byte) (int, error) {
	select {
	case err := <-m.errs:
		if err != nil {
			return 0, err
		}
	default:
	}
	if m.full.Load() {
		return 0, unix.ENOSPC
	}
	m.text <- append(<-m.text, b...)
	return len(b), nil
}

func (m *memory) String() string {
	b := <-m.text
	m.text <- b
	return string(b)
}

func (m *memory) fd() int           { return -1 }
func (m *memory) gone(e error) bool { return !temporary(e) }
func (m *memory) reopen() error     { return nil }
func (m *memory) takeError() error  { return nil }
func (m *memory) midLine() bool {
	b := <-m.text
	m.text <- b
	return len(b) > 0 && b[len(b)-1] != '\n'
}
func (m *memory) close() { close(m.closed) }

// into returns a pump that writes to d.
func into(t testing.TB, l *Logs, shape layout, d destination) *Pump {
	t.Helper()
	p := newPump(l, "the test", shape)
	p.outlet("the test", d)
	p, err := l.join(p)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// bare returns a source without pipes, of a pump without goroutines.
func bare(service string, shape layout, d destination) *Source {
	p := newPump(&Logs{poll: &poller{}, histories: map[string]*history{}}, "the test", shape)
	p.outlet("the test", d)
	p.layout = shape
	s := &Source{service: service, quoted: escape.AppendJSONText(nil, service), history: p.logs.history(service)}
	s.pump.Store(p)
	for i := range s.streams {
		s.streams[i] = stream{source: s, fd: -1, second: i == 1}
	}
	return s
}

// golden compares got with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update rewrites it):\n%s", path, got)
	}
}
