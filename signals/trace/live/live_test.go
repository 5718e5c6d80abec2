package live

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"supervise/internal/bpf"
	"supervise/internal/testproc"
	"supervise/signals"
	"supervise/signals/trace"
)

// kept is a sink that remembers.
type kept struct {
	mu     sync.Mutex
	lives  []*trace.Life
	events []*trace.Event
	counts *trace.Counts
}

func (k *kept) Life(l *trace.Life) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.lives = append(k.lives, l)
	return nil
}

func (k *kept) Event(e *trace.Event) error {
	k.events = append(k.events, e)
	return nil
}

func (k *kept) End(c *trace.Counts) error {
	k.counts = c
	return nil
}

// String is all lives, for people.
func (k *kept) String() string {
	var table trace.Table
	var b strings.Builder
	for _, l := range k.lives {
		fmt.Fprintf(&b, "%s%s\n", table.Line(l), l.End())
	}
	return b.String()
}

// find returns the lives of a signal with a verdict.
func (k *kept) find(s signals.Signal, v trace.Verdict) (found []*trace.Life) {
	for _, l := range k.lives {
		if l.Signal == s && (v == 0 || l.Verdict == v) {
			found = append(found, l)
		}
	}
	return found
}

// run traces a command to its end.
func run(t *testing.T, backend string, f trace.Filter, argv ...string) (*kept, signals.Exit) {
	t.Helper()
	held, err := Hold(argv)
	if err != nil {
		t.Fatal(err)
	}
	f.PIDs, f.Descendants = append(f.PIDs, held.PID), true
	if f.Signals == 0 {
		f.Signals = signals.Full.Without(signals.SIGURG) // the Go runtime's own
	}
	b, _, err := Open(Options{Filter: f, Backend: backend})
	if err != nil {
		held.Abandon()
		skipOrFail(t, err)
	}
	defer b.Close()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	var exit signals.Exit
	go func() {
		defer stop()
		if err := held.Release(); err != nil {
			t.Error(err)
			return
		}
		if exit, err = held.Wait(b); err != nil {
			t.Error(err)
		}
	}()
	k := &kept{}
	if err := Run(ctx, b, k, nil); err != nil {
		t.Fatal(err)
	}
	<-ctx.Done()
	if k.counts == nil || k.counts.Drops.Total() != 0 {
		t.Errorf("counts %+v", k.counts)
	}
	return k, exit
}

// want is what a life has to be.
type want struct {
	signal  signals.Signal
	verdict trace.Verdict
	check   func(*trace.Life) bool
}

const (
	onlyBPF   = "bpf"
	fromRoot  = "bpf tracefs"
	anyMethod = "bpf tracefs ptrace"
)

var scenarios = []struct {
	name     string
	backends string
	argv     []string // of sh -c, or a role of this program
	context  bool
	want     []want
}{
	{"handled", anyMethod, sh(`trap : TERM; kill $$`), false, []want{
		{signals.SIGTERM, trace.Handled, func(l *trace.Life) bool { return l.Sender.Comm == "sh" && l.Target.Comm == "sh" }},
	}},
	{"terminated", anyMethod, sh(`sleep 1000 & kill $!; wait`), false, []want{
		{signals.SIGTERM, trace.Terminated, func(l *trace.Life) bool { return l.Exit != nil && l.Exit.Signal == signals.SIGTERM }},
		{signals.SIGCHLD, trace.Handled, nil},
	}},
	{"killed", fromRoot, sh(`sleep 1000 & kill -9 $!; wait`), false, []want{
		{signals.SIGKILL, trace.Terminated, func(l *trace.Life) bool { return l.Sender.Comm == "sh" && l.Exit != nil && l.Exit.Signal == 9 }},
	}},
	{"exit follows", onlyBPF, sh(`trap 'exit 3' TERM; kill $$`), false, []want{
		{signals.SIGTERM, trace.Handled, func(l *trace.Life) bool { return l.Exit != nil && l.Exit.Code == 3 }},
	}},
	{"ignored", anyMethod, sh(`trap '' TERM; kill $$; kill -WINCH $$`), false, []want{
		{signals.SIGTERM, trace.Ignored, nil}, {signals.SIGWINCH, trace.Ignored, nil},
	}},
	{"stopped", fromRoot, sh(`sleep 1000 & kill -STOP $!; until grep -q 'State:.T' /proc/$!/status; do :; done; kill -TERM $!; kill -CONT $!; wait`), false, []want{
		{signals.SIGSTOP, trace.Stopped, nil},
		{signals.SIGTERM, trace.Terminated, nil},
	}},
	{"continued", onlyBPF, sh(`sleep 1000 & kill -STOP $!; until grep -q 'State:.T' /proc/$!/status; do :; done; kill -CONT $!; kill -9 $!; wait`), false, []want{
		{signals.SIGCONT, trace.Continued, nil},
	}},
	{"failed", fromRoot, sh(`kill -9 1234567; true`), true, []want{
		{signals.SIGKILL, trace.Failed, func(l *trace.Life) bool { return l.Error == "ESRCH" && l.Target.PID == 1234567 && l.Call == "kill" }},
	}},
	{"namespace", onlyBPF, []string{"unshare", "--pid", "--fork", "--kill-child", "sh", "-c", `kill -TERM $$; sleep 1000 & exit 0`}, false, []want{
		{signals.SIGTERM, trace.Dropped, func(l *trace.Life) bool { return l.Target.NSPID == 1 && l.Target.PID > 1 }},
		{signals.SIGKILL, trace.Terminated, func(l *trace.Life) bool { return l.Code == signals.CodeKernel && l.Target.NSPID == 2 }},
	}},
	{"blocked", fromRoot, role("trace-self", "blocked"), false, []want{
		{signals.SIGUSR1, trace.Handled, func(l *trace.Life) bool { return !l.Group && l.Code == signals.CodeThread }},
		{signals.SIGUSR1, trace.Coalesced, nil},
	}},
	{"was blocked", onlyBPF, role("trace-self", "blocked"), false, []want{
		{signals.SIGUSR1, trace.Handled, func(l *trace.Life) bool { return l.Blocked }},
	}},
	{"values", "bpf ptrace", role("trace-self", "values"), false, []want{
		{40, trace.Handled, valued(1000)}, {40, trace.Handled, valued(1001)}, {40, trace.Handled, valued(1002)},
	}},
	{"sigtimedwait", fromRoot, role("trace-self", "taken"), true, []want{{signals.SIGUSR2, trace.Taken, nil}}},
	{"signalfd", onlyBPF, role("trace-self", "signalfd", "signalfd"), false, []want{{signals.SIGUSR2, trace.Taken, nil}}},
	{"limited", fromRoot, role("trace-self", "limited"), false, []want{
		{41, trace.Overflow, nil},
		{40, trace.Handled, func(l *trace.Life) bool { return l.InfoLost }},
	}},
	{"alarm", anyMethod, role("trace-self", "alarm"), false, []want{
		{signals.SIGALRM, trace.Handled, func(l *trace.Life) bool { return l.Code == signals.CodeKernel && l.FromKernel() }},
	}},
	{"pidfd", anyMethod, role("trace-self", "pidfd"), false, []want{{signals.SIGUSR1, trace.Handled, nil}}},
	{"parent's death", fromRoot, role("trace-pdeath"), false, []want{
		{signals.SIGUSR2, trace.Terminated, func(l *trace.Life) bool { return l.Target.Comm == "sleep" }},
	}},
}

func sh(script string) []string { return []string{"sh", "-c", script} }

// role is filled in by the test.
func role(name string, args ...string) []string { return append([]string{"role", name}, args...) }

// playing is a command that plays a role.
func playing(t *testing.T, name string, args ...string) []string {
	return append([]string{"env", "SUPERVISE_TEST_ROLE=" + name, "GORACE=atexit_sleep_ms=0"}, testproc.Argv(t, args...)...)
}

func valued(n uint64) func(*trace.Life) bool {
	return func(l *trace.Life) bool { return l.Value != nil && *l.Value == n }
}

func TestScenarios(t *testing.T) {
	for _, s := range scenarios {
		for backend := range strings.FieldsSeq(s.backends) {
			t.Run(s.name+"/"+backend, func(t *testing.T) {
				argv := s.argv
				if argv[0] == "role" {
					argv = playing(t, argv[1], argv[2:]...)
				}
				if argv[0] == "unshare" && os.Geteuid() != 0 {
					t.Skip("a PID namespace takes root")
				}
				k, _ := run(t, backend, trace.Filter{Context: s.context}, argv...)
				for _, w := range s.want {
					found := k.find(w.signal, w.verdict)
					if !slices.ContainsFunc(found, func(l *trace.Life) bool { return w.check == nil || w.check(l) }) {
						t.Errorf("no %v that was %v as it should be among:\n%s", w.signal, w.verdict, k)
					}
				}
			})
		}
	}
}

// TestBeginning begins to trace a process that gets a signal all the time: what was sent and
// delivered before is no part of the trace.
func TestBeginning(t *testing.T) {
	cmd := exec.Command("sh", "-c", "trap : USR1; while :; do kill -USR1 $$; done")
	testproc.Start(t, cmd)
	b, _, err := Open(Options{Filter: trace.Filter{PIDs: []int{cmd.Process.Pid}, Signals: signals.SetOf(signals.SIGUSR1)}, Backend: "bpf"})
	if err != nil {
		t.Skip(err)
	}
	defer b.Close()
	ctx, stop := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer stop()
	k := &kept{}
	if err := Run(ctx, b, k, nil); err != nil {
		t.Fatal(err)
	}
	unknown := 0
	for _, l := range k.lives {
		if l.Sender.PID < 0 {
			unknown++
		}
	}
	if k.counts.Drops.Total() > 0 {
		t.Skip("the machine is too slow")
	}
	if unknown > 1 { // the one that was on its way
		t.Errorf("%d of %d signals have no sender", unknown, len(k.lives))
	}
}

// skipOrFail is for a backend that cannot be opened: a defect where all are permitted.
func skipOrFail(t *testing.T, err error) {
	t.Helper()
	if bpf.Permitted() == nil {
		t.Fatal(err)
	}
	t.Skip(err)
}

// TestCount sends many signals: what was received and what was lost is what was sent, and what
// is told of those that were received is true, however slow the reader was.
func TestCount(t *testing.T) {
	n := 100_000
	if testing.Short() {
		n = 1000
	}
	count(t, n, 0)
}

// TestLosses does the same with a buffer that is too small.
func TestLosses(t *testing.T) {
	drops := trace.Drops{}
	for range 20 { // a quick reader may keep up with a slow sender
		if drops = count(t, 20_000, 16<<10); drops.Generate > 0 && drops.Deliver > 0 {
			return
		}
	}
	t.Errorf("nothing was lost: %+v", drops)
}

// count traces a process that sends n signals to itself, with different values, and handles
// them. It returns what was lost.
func count(t *testing.T, n, buffer int) trace.Drops {
	t.Helper()
	held, err := Hold(playing(t, "trace-storm", fmt.Sprint(n)))
	if err != nil {
		t.Fatal(err)
	}
	b, _, err := Open(Options{
		Filter: trace.Filter{PIDs: []int{held.PID}, Signals: signals.SetOf(40)}, Backend: "bpf", Buffer: buffer,
	})
	if err != nil {
		held.Abandon()
		skipOrFail(t, err)
	}
	defer b.Close()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	go func() {
		defer stop()
		if err := held.Release(); err != nil {
			t.Error(err)
			return
		}
		_, _ = held.Wait(b)
	}()
	k := &kept{}
	if err := Run(ctx, b, k, nil); err != nil {
		t.Fatal(err)
	}
	counted(t, k, uint64(n))
	return k.counts.Drops
}

func counted(t *testing.T, k *kept, n uint64) {
	t.Helper()
	if got := k.counts.Sent + k.counts.Drops.Generate; got != n {
		t.Errorf("%d received and %d lost of %d", k.counts.Sent, k.counts.Drops.Generate, n)
	}
	handled, unseen := k.counts.Verdicts["handled"], k.counts.Verdicts["unseen"]
	// At its end each other thread of the process is given a SIGKILL, which may be lost, too.
	const threads = 64
	if got := handled + k.counts.Drops.Deliver; got < n || got > n+threads || handled+unseen != k.counts.Lives {
		t.Errorf("of %d: %+v", n, k.counts)
	}
	values := map[uint64]bool{}
	for _, l := range k.find(40, 0) {
		if l.Value == nil || values[*l.Value] {
			t.Errorf("without a value of its own: %+v", l)
			break
		}
		values[*l.Value] = true
	}
}

// TestSymbol names the handler of a process that ends by it, and is gone when that is read.
func TestSymbol(t *testing.T) {
	dir := t.TempDir()
	source, program := filepath.Join(dir, "quick.c"), filepath.Join(dir, "quick")
	const text = `#include <signal.h>
#include <unistd.h>
void last_handler(int s) { _exit(3); }
int main() { signal(SIGTERM, last_handler); usleep(100000); kill(getpid(), SIGTERM); pause(); }`
	if err := os.WriteFile(source, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("cc", "-o", program, source).CombinedOutput(); err != nil {
		t.Skipf("no C compiler: %v %s", err, out)
	}
	for backend := range strings.FieldsSeq(fromRoot) {
		t.Run(backend, func(t *testing.T) {
			k, exit := run(t, backend, trace.Filter{}, program)
			found := k.find(signals.SIGTERM, trace.Handled)
			if exit.Code != 3 || len(found) != 1 || found[0].Symbol != "last_handler" {
				t.Errorf("%v\n%s", exit, k)
			}
		})
	}
}
