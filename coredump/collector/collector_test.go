package collector

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"supervise/coredump/order"
	"supervise/coredump/report"
	"supervise/coredump/settings"
	"supervise/coredump/store"
	"supervise/internal/sys"
	"supervise/internal/testproc"
	"supervise/signals"
)

func init() { testproc.Role("collect", collect) }

// collect is a collector that keeps cores in its second argument, with its socket in the first,
// and prints the stages. It ends itself by the signal whose number it reads.
func collect(args []string) int {
	c, err := Open(Options{
		Want: Auto, Install: true, Directory: args[0],
		Decide: func(Crash) order.Order {
			return order.Order{Directory: args[1], Capture: order.MiniAndFull, Compress: order.NoCompression}
		},
		Progress: func(_ order.Order, p order.Progress) { fmt.Println(p.Stage) },
	})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println(c.Held().Way)
	var n int
	_, _ = fmt.Scan(&n)
	_ = sys.SetDefault(signals.Signal(n))
	_ = unix.Kill(os.Getpid(), unix.Signal(n))
	time.Sleep(testproc.Limit)
	return 1
}

// other is a collector in another process.
type other struct {
	*exec.Cmd
	in     io.Writer
	lines  *bufio.Reader
	run    string
	store  string
	before string // core_pattern
}

func startOther(t *testing.T) *other {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("to collect cores takes root")
	}
	t.Cleanup(testproc.GuardCorePattern(t))
	o := &other{run: t.TempDir(), store: t.TempDir() + "/cores", before: pattern(t)}
	o.Cmd = testproc.Command(t, "collect", o.run, o.store)
	in, err := o.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := o.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	o.in, o.lines = in, bufio.NewReader(out)
	testproc.Start(t, o.Cmd)
	o.expect(t, string(Socket))
	return o
}

func (o *other) expect(t *testing.T, want string) {
	t.Helper()
	if line, err := o.lines.ReadString('\n'); strings.TrimSpace(line) != want || err != nil {
		t.Fatalf("the collector says %q, %v, and not %q", line, err, want)
	}
}

// TestOwnCrash has a collector crash: it must not wait for itself to take its core.
func TestOwnCrash(t *testing.T) {
	o := startOther(t)
	fmt.Fprintln(o.in, int(unix.SIGSEGV))
	ended := make(chan error, 1)
	go func() { ended <- o.Wait() }()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		_ = unix.Kill(o.Process.Pid, unix.SIGKILL)
		t.Fatal("it waits for itself")
	}
	if s := o.ProcessState.Sys().(syscall.WaitStatus); s.Signal() != syscall.SIGSEGV || s.CoreDump() {
		t.Errorf("it ended otherwise: %v", o.ProcessState)
	}
}

// TestCollectorKilled kills a collector while a core is written: that is written to its end,
// and the next collector puts core_pattern back.
func TestCollectorKilled(t *testing.T) {
	o := startOther(t)
	e := startEater(t, nil, large)
	e.crash()
	o.expect(t, "released")
	fmt.Fprintln(o.in, int(unix.SIGKILL))
	_ = o.Wait()
	testproc.Dumped(t, e.Cmd)
	s, err := store.Open(o.store)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var core report.Core
	for range 2000 { // the handler is nobody's child: that it ends is no event
		items, err := s.List()
		own := slices.IndexFunc(items, func(i store.Item) bool { return i.Report.PID == e.pid }) // others crash, too
		if err != nil || own < 0 {
			t.Fatalf("%v, %v", items, err)
		}
		if core = items[own].Report.Core; core.State != report.Taking {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	if core.State != report.Complete {
		t.Errorf("%+v", core)
	}
	if !strings.HasSuffix(pattern(t), SocketName) {
		t.Errorf("core_pattern is %q", pattern(t))
	}
	// Nobody listens now: no core, and no waiting.
	if testproc.Dumped(t, testproc.Crash(t, nil)) {
		t.Error("WCOREDUMP is set, and nobody listens")
	}
	c, err := Open(Options{Want: Auto, Directory: o.run})
	if err != nil {
		t.Fatal(err)
	}
	if now := pattern(t); now != o.before || c.Held().Way != Files {
		t.Errorf("core_pattern is %q, the collector has %+v", now, c.Held())
	}
	if err := c.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestForeignPattern(t *testing.T) {
	const foreign = "|/usr/lib/systemd/systemd-coredump %P"
	testproc.CorePattern(t, foreign)
	options := Options{Want: Socket, Install: true, Directory: t.TempDir()}
	var refused *settings.ForeignError
	if _, err := Open(options); err == nil || !strings.Contains(err.Error(), "somebody else has set") {
		t.Errorf("it is %v, %v", err, refused)
	}
	options.Want = Auto
	c, err := Open(options)
	if err != nil {
		t.Fatal(err)
	}
	if held := c.Held(); held.Way != Off || len(held.Better) != len(ways) || !strings.Contains(held.Better[0].Reason, "somebody else has set") {
		t.Errorf("%+v", held)
	}
	if err := c.Close(context.Background()); err != nil || pattern(t) != foreign {
		t.Errorf("%v, core_pattern is %q", err, pattern(t))
	}
	options.Force = true
	if c, err = Open(options); err != nil {
		t.Fatal(err)
	}
	if pattern(t) == foreign || c.Held().Way != Socket {
		t.Errorf("core_pattern is %q", pattern(t))
	}
	if err := c.Close(context.Background()); err != nil || pattern(t) != foreign {
		t.Errorf("%v, core_pattern is %q", err, pattern(t))
	}
}

// TestPatternLeadsHere takes what core_pattern sends, without setting it.
func TestPatternLeadsHere(t *testing.T) {
	dir := t.TempDir()
	for prefix, want := range map[string]Held{"@@": {Way: Socket, Requests: true}, "@": {Way: Socket}} {
		testproc.CorePattern(t, prefix+dir+"/"+SocketName)
		if got := Probe(Options{Want: Auto, Directory: dir}); got.Way != want.Way || got.Requests != want.Requests {
			t.Errorf("with %s the probe says %+v", prefix, got)
		}
		c, err := Open(Options{Want: Auto, Directory: dir})
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Held(); got.Way != want.Way || got.Requests != want.Requests {
			t.Errorf("with %s: %+v", prefix, got)
		}
		if _, err := Open(Options{Want: Socket, Directory: dir}); err == nil || !strings.Contains(err.Error(), "another process listens") {
			t.Errorf("a second collector: %v", err)
		}
		if err := c.Close(context.Background()); err != nil {
			t.Error(err)
		}
		break // one lock of the pattern for a test
	}
}

// TestOff says why no way is left.
func TestOff(t *testing.T) {
	testproc.CorePattern(t, "core")
	all := Without{Requests: true, Socket: true, Pipe: true, Files: true}
	c, err := Open(Options{Want: Auto, Install: true, Directory: t.TempDir(), Without: all})
	if err != nil {
		t.Fatal(err)
	}
	if held := c.Held(); held.Way != Off || len(held.Better) != len(ways) {
		t.Errorf("%+v", held)
	}
	if c.Adopt(Ended{PID: 1}) {
		t.Error("it adopts")
	}
	if err := c.Close(context.Background()); err != nil {
		t.Error(err)
	}
	for _, want := range []Way{Socket, Pipe, Files} {
		if _, err := Open(Options{Want: want, Install: true, Directory: t.TempDir(), Without: all}); err == nil || !strings.Contains(err.Error(), "a test does without") {
			t.Errorf("%s: %v", want, err)
		}
	}
}
