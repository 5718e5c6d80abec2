package deliver_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"supervise/internal/sys"
	"supervise/internal/testproc"
	"supervise/signals"
	"supervise/signals/deliver"
	"supervise/signals/predict"
)

func TestMain(m *testing.M) { testproc.Main(m) }

// patience is how long anything may take that a test waits for.
const patience = 20 * time.Second

func build(t *testing.T) string {
	t.Helper()
	prog := testproc.Build(t, "testdata", [][]string{{"gcc", "-O1", "-o", "prog", "DIR/receiver.c", "-lpthread"}})
	for dir := filepath.Dir(prog); dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		_ = os.Chmod(dir, 0o755) // for other users
	}
	return prog
}

// receiver is a running receiver.c.
type receiver struct {
	*deliver.Process
	cmd   *exec.Cmd
	lines *bufio.Scanner
	first string // what it said behind ready
}

func start(t *testing.T, prog string, change func(*exec.Cmd), args ...string) *receiver {
	t.Helper()
	cmd := exec.Command(prog, args...)
	if change != nil {
		change(cmd)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	testproc.Start(t, cmd)
	r := &receiver{cmd: cmd, lines: bufio.NewScanner(out)}
	if !r.lines.Scan() {
		t.Fatal("the receiver says nothing:", r.lines.Err())
	}
	r.first = strings.TrimSpace(strings.TrimPrefix(r.lines.Text(), "ready"))
	if r.Process, err = deliver.Open(cmd.Process.Pid); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

// await waits until the receiver is in a state, as a letter of /proc/PID/stat.
func (r *receiver) await(t *testing.T, state string) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		stat, err := sys.ReadStat(r.PID)
		if err != nil || strings.ContainsRune(state, rune(stat.State)) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("state %c, want one of %s", stat.State, state)
		}
	}
}

// next is the next line that the receiver prints.
func (r *receiver) next(t *testing.T) string {
	t.Helper()
	if !r.lines.Scan() {
		return "ended"
	}
	return r.lines.Text()
}

func value(n uint64) *uint64 { return &n }

// exchange predicts, sends, and looks what became of it.
func (r *receiver) exchange(t *testing.T, s predict.Sending, value *uint64) (will, was predict.Forecast, err error) {
	t.Helper()
	before, err := r.Look(s.Signal)
	if err != nil {
		t.Fatal(err)
	}
	will = predict.Of(s, &before)
	if err := r.Send(s, value); err != nil {
		return will, predict.Forecast{}, err
	}
	return will, r.Settle(s, will, patience), nil
}

// TestVerdicts sends signals to receivers of every kind: what is predicted, what is seen
// afterwards, and what the receiver says itself must agree.
func TestVerdicts(t *testing.T) {
	prog := build(t)
	term, winch, rt := signals.SIGTERM, signals.SIGWINCH, signals.Signal(40)
	kill := func(s signals.Signal) predict.Sending { return predict.Sending{Signal: s} }
	queue := func(s signals.Signal) predict.Sending {
		return predict.Sending{Signal: s, Code: signals.CodeQueue}
	}
	type want struct {
		fate   predict.Fate
		reason predict.Reason
	}
	for _, test := range []struct {
		name  string
		args  []string
		state string // that the receiver must reach first
		s     predict.Sending
		value *uint64
		will  want
		was   want
		says  string // "" if it must not get anything
	}{
		{"default", []string{"default"}, "", kill(term), nil, want{predict.Terminated, predict.Default}, want{predict.Terminated, predict.Default}, "ended"},
		{"no effect", []string{"default"}, "", kill(winch), nil, want{predict.Ignored, predict.NoEffect}, want{predict.Ignored, predict.NoEffect}, ""},
		{"core", []string{"default"}, "", kill(signals.SIGQUIT), nil, want{predict.Dumped, predict.Default}, want{predict.Dumped, predict.Default}, "ended"},
		{"stop", []string{"default"}, "", kill(signals.SIGSTOP), nil, want{predict.Stopped, predict.Default}, want{predict.Stopped, predict.Default}, ""},
		{"KILL", []string{"block", "15"}, "", kill(signals.SIGKILL), nil, want{predict.Terminated, predict.Default}, want{predict.Terminated, predict.Default}, "ended"},
		{"handler", []string{"handler", "15"}, "S", kill(term), nil, want{predict.Handled, predict.Handler}, want{predict.Handled, predict.Handler}, "handled 15 code 0 sender 1 value 0"},
		{"handler, value", []string{"handler", "40"}, "S", queue(rt), value(1 << 63), want{predict.Handled, predict.Handler}, want{predict.Handled, predict.Handler}, "handled 40 code -1 sender 1 value 9223372036854775808"},
		{"handler that exits", []string{"exit", "15"}, "S", kill(term), nil, want{predict.Handled, predict.Handler}, want{predict.Handled, predict.Handler}, "ended"},
		{"ignored", []string{"ignore", "15"}, "", kill(term), nil, want{predict.Ignored, predict.Disposition}, want{predict.Ignored, predict.Disposition}, ""},
		{"blocked", []string{"block", "15"}, "", kill(term), nil, want{predict.Pending, predict.Blocked}, want{predict.Pending, predict.Blocked}, ""},
		{"sigwaitinfo", []string{"wait", "15"}, "S", queue(term), value(5), want{predict.Taken, predict.Waiter}, want{predict.Taken, predict.Waiter}, "waited 15 code -1 sender 1 value 5"},
		{"signalfd", []string{"descriptor", "40"}, "S", queue(rt), value(6), want{predict.Taken, predict.Descriptor}, want{predict.Taken, predict.Descriptor}, "read 40 code -1 sender 1 value 6"},
		{"another thread", []string{"other", "15"}, "S", kill(term), nil, want{predict.Handled, predict.Handler}, want{predict.Handled, predict.Handler}, "handled 15 code 0 sender 1 value 0"},
		{"full, kill", []string{"full", "15"}, "S", kill(term), nil, want{predict.Handled, predict.Handler}, want{predict.Handled, predict.Handler}, "handled 15 code 0 sender 1 value 0"},
		{"full, sigqueue", []string{"full", "15"}, "S", queue(term), value(7), want{predict.Handled, predict.Handler}, want{predict.Handled, predict.Handler}, "handled 15 code 0 sender 0 value 0"},
		{"full, kill RT", []string{"full", "40"}, "S", kill(rt), nil, want{predict.Handled, predict.Handler}, want{predict.Handled, predict.Handler}, "handled 40 code 0 sender 0 value 0"},
		{"stopped", []string{"stopped"}, "T", kill(term), nil, want{predict.Pending, predict.WhileStopped}, want{predict.Pending, predict.WhileStopped}, ""},
		{"stopped, CONT", []string{"stopped"}, "T", kill(signals.SIGCONT), nil, want{predict.Continued, predict.NoEffect}, want{predict.Continued, predict.NoEffect}, ""},
		{"orphaned group", []string{"default"}, "S", kill(signals.SIGTSTP), nil, want{predict.Discarded, predict.OrphanedGroup}, want{predict.Discarded, predict.OrphanedGroup}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := start(t, prog, func(cmd *exec.Cmd) {
				cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: test.name == "orphaned group"}
			}, test.args...)
			r.await(t, test.state+"ST"[:2*b2i(test.state == "")])
			will, was, err := r.exchange(t, test.s, test.value)
			if err != nil {
				t.Fatal(err)
			}
			if got := (want{will.Fate, will.Reason}); got != test.will {
				t.Errorf("predicted %q", will.Text(test.s.Signal))
			}
			if got := (want{was.Fate, was.Reason}); got != test.was {
				t.Errorf("afterwards %q", was.Text(test.s.Signal))
			}
			if lost := strings.Contains(test.says, "sender 0"); was.InfoLost != lost || will.InfoLost != lost {
				t.Errorf("siginfo lost: predicted %v, afterwards %v, want %v", will.InfoLost, was.InfoLost, lost)
			}
			if test.says == "" {
				if _, err := r.Look(term); err != nil {
					t.Error("it is gone:", err)
				}
				_ = r.Send(kill(signals.SIGKILL), nil)
				test.says = "ended"
			}
			if says := r.next(t); says != test.says {
				t.Errorf("the receiver says %q, want %q", says, test.says)
			}
		})
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// TestThread sends to one thread, which does not block what the others do.
func TestThread(t *testing.T) {
	prog := build(t)
	r := start(t, prog, nil, "other", "15")
	tid, err := strconv.Atoi(r.first)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		thread int
		value  *uint64
		want   predict.Fate
		says   string
	}{
		{tid, nil, predict.Handled, "handled 15 code -6 sender 1 value 0"},
		{tid, value(3), predict.Handled, "handled 15 code -1 sender 1 value 3"},
		{r.PID, nil, predict.Pending, ""},
		{r.PID, nil, predict.Coalesced, ""},
	} {
		s := predict.Sending{Signal: signals.SIGTERM, Code: signals.CodeThread, Thread: test.thread}
		will, was, err := r.exchange(t, s, test.value)
		if err != nil || will.Fate != test.want || was.Fate != test.want {
			t.Errorf("%+v: %v, %v, %v", test, will, was, err)
		}
		if test.says != "" {
			if says := r.next(t); says != test.says {
				t.Errorf("%+v: the receiver says %q", test, says)
			}
		}
	}
	s := predict.Sending{Signal: signals.SIGTERM, Thread: os.Getpid()}
	if will, _, err := r.exchange(t, s, nil); !errors.Is(err, syscall.ESRCH) || will.Reason != predict.NoThread {
		t.Errorf("to a thread of another process: %v, %v", will, err)
	}
	if _, err := deliver.Open(tid); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("--thread %d %d", tid, r.PID)) {
		t.Errorf("a thread's id: %v", err)
	}
}

// TestQueueFull has the kernel refuse what would need room, and keep the rest.
func TestQueueFull(t *testing.T) {
	r := start(t, build(t), nil, "full", "40")
	s := predict.Sending{Signal: 40, Code: signals.CodeQueue}
	will, _, err := r.exchange(t, s, value(1))
	if will.Fate != predict.Overflow || !errors.Is(err, syscall.EAGAIN) {
		t.Errorf("%v, %v", will, err)
	}
	if text := deliver.Explain(err, 40, true).Error(); !strings.Contains(text, "RLIMIT_SIGPENDING") {
		t.Error(text)
	}
}

// TestNamespaceInit sends to the init of a PID namespace from above, and has it pend there.
func TestNamespaceInit(t *testing.T) {
	prog := build(t)
	inside := func(cmd *exec.Cmd) {
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID}
		if os.Geteuid() != 0 {
			cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		}
	}
	if err := func() error { c := exec.Command("true"); inside(c); return c.Run() }(); err != nil {
		t.Skip("cannot make a PID namespace here:", err)
	}
	for _, test := range []struct {
		args   []string
		signal signals.Signal
		fate   predict.Fate
		then   predict.Fate
		says   string
	}{
		{[]string{"default"}, signals.SIGTERM, predict.Dropped, 0, ""},
		{[]string{"default"}, signals.SIGSEGV, predict.Dropped, 0, ""},
		{[]string{"handler", "15"}, signals.SIGTERM, predict.Handled, 0, "handled 15 code 0 sender 0 value 0"},
		{[]string{"block", "15"}, signals.SIGTERM, predict.Pending, predict.Dropped, ""},
		{[]string{"ignore", "15"}, signals.SIGTERM, predict.Ignored, 0, ""},
		{[]string{"default"}, signals.SIGKILL, predict.Terminated, 0, "ended"},
	} {
		r := start(t, prog, inside, test.args...)
		r.await(t, "S")
		will, was, err := r.exchange(t, predict.Sending{Signal: test.signal}, nil)
		if err != nil || will.Fate != test.fate || was.Fate != test.fate || will.Then != test.then {
			t.Errorf("%v %v: %v, %v, %v", test.args, test.signal, will, was, err)
		}
		if test.says != "" {
			if says := r.next(t); says != test.says {
				t.Errorf("%v: the receiver says %q", test.args, says)
			}
		}
	}
}

// TestFrozen freezes a cgroup: handlers wait, default actions do not.
func TestFrozen(t *testing.T) {
	group := testproc.Cgroup(t)
	fd, err := syscall.Open(group, syscall.O_RDONLY|syscall.O_DIRECTORY|syscall.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	r := start(t, build(t), func(cmd *exec.Cmd) {
		cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: fd}
	}, "handler", "15")
	freeze := func(state string) {
		if err := os.WriteFile(group+"/cgroup.freeze", []byte(state), 0); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
			if text, _ := os.ReadFile(group + "/cgroup.events"); strings.Contains(string(text), "frozen "+state) {
				return
			}
		}
		t.Fatal("the cgroup is not frozen:", state)
	}
	freeze("1")
	will, was, err := r.exchange(t, predict.Sending{Signal: signals.SIGTERM}, nil)
	if err != nil || will.Reason != predict.WhileFrozen || was.Reason != predict.WhileFrozen || was.Then != predict.Handled {
		t.Errorf("%v, %v, %v", will, was, err)
	}
	freeze("0")
	if says := r.next(t); says != "handled 15 code 0 sender 1 value 0" {
		t.Error(says)
	}
	pids, err := deliver.Cgroup(r.PID)
	if err != nil || !slices.Equal(pids, []int{r.PID}) {
		t.Errorf("in the cgroup: %v, %v", pids, err)
	}
	freeze("1")
	will, was, err = r.exchange(t, predict.Sending{Signal: signals.SIGHUP}, nil)
	if err != nil || will.Fate != predict.Terminated || was.Fate != predict.Terminated {
		t.Errorf("by default: %v, %v, %v", will, was, err)
	}
}

// TestAwait waits for the ends of processes of which some are no children of this one.
func TestAwait(t *testing.T) {
	prog := build(t)
	for name, test := range map[string]struct {
		signal signals.Signal
		want   signals.Exit
	}{
		"exit":   {signals.SIGTERM, signals.Exit{Code: 7}},
		"signal": {signals.SIGUSR1, signals.Exit{Signal: signals.SIGUSR1}},
	} {
		// The shell reaps it.
		r := start(t, "/bin/sh", nil, "-c", prog+" exit 15 & echo ready $!; wait; wait; sleep 60")
		second := strings.TrimPrefix(r.next(t), "ready")
		child, err := strconv.Atoi(strings.TrimSpace(r.first + second)) // in either order
		if err != nil {
			t.Fatal(err)
		}
		p, err := deliver.Open(child)
		if err != nil {
			t.Fatal(err)
		}
		if end, ended := p.Await(10 * time.Millisecond); ended {
			t.Errorf("%s: %v before it was sent anything", name, end)
		}
		if err := p.Send(predict.Sending{Signal: test.signal}, nil); err != nil {
			t.Fatal(err)
		}
		end, ended := p.Await(patience)
		if !ended || !end.Known && hasExitInfo() || end.Known && end.Exit != test.want {
			t.Errorf("%s: %v, %v", name, end, ended)
		}
		p.Close()
	}
}

// hasExitInfo reports whether the kernel tells how a reaped process ended: Linux 6.15.
func hasExitInfo() bool {
	var name syscall.Utsname
	_ = syscall.Uname(&name)
	var release []byte
	for _, c := range name.Release {
		release = append(release, byte(c))
	}
	var major, minor int
	_, _ = fmt.Sscanf(string(release), "%d.%d", &major, &minor)
	return major > 6 || major == 6 && minor >= 15
}

// TestZombie sends to one, and knows how it ended.
func TestZombie(t *testing.T) {
	r := start(t, "/bin/sh", nil, "-c", "echo ready; exit 3")
	r.await(t, "Z")
	will, was, err := r.exchange(t, predict.Sending{Signal: signals.SIGKILL}, nil)
	if err != nil || will.Reason != predict.Zombie || was.Fate != predict.Discarded {
		t.Errorf("%v, %v, %v", will, was, err)
	}
	if end, ended := r.Await(time.Millisecond); !ended || end.Known && end.Exit.Code != 3 {
		t.Errorf("%v, %v", end, ended)
	}
	_ = r.cmd.Wait()
	if err := r.Send(predict.Sending{Signal: signals.SIGTERM}, nil); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("after it was reaped: %v", err)
	}
	if _, err := r.Look(signals.SIGTERM); !errors.Is(err, deliver.ErrNone) {
		t.Errorf("after it was reaped: %v", err)
	}
	if _, err := deliver.Open(r.PID); !errors.Is(err, deliver.ErrNone) {
		t.Errorf("after it was reaped: %v", err)
	}
}

// TestSets finds the processes of a group and of a tree.
func TestSets(t *testing.T) {
	r := start(t, "/bin/sh", nil, "-c", "sleep 60 & sleep 60 & setsid sleep 60 & echo ready $!; wait")
	deadline := time.Now().Add(patience)
	for {
		group, err := deliver.Group(r.PID)
		tree := deliver.Tree(r.PID)
		if err != nil {
			t.Fatal(err)
		}
		if len(group) == 3 && len(tree) == 4 && tree[0] == r.PID && slices.Contains(group, r.PID) {
			for _, pid := range tree {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("group %v, tree %v", group, tree)
		}
		time.Sleep(time.Millisecond)
	}
}

// TestDenied is refused by the kernel.
func TestDenied(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may signal everybody")
	}
	p, err := deliver.Open(1)
	if err != nil {
		t.Skip(err)
	}
	defer p.Close()
	target, err := p.Look(signals.SIGTERM)
	if err != nil || !target.Denied {
		t.Errorf("%+v, %v", target, err)
	}
	err = p.Send(predict.Sending{Signal: signals.SIGTERM}, nil)
	if !errors.Is(err, syscall.EPERM) || !strings.Contains(deliver.Explain(err, signals.SIGTERM, false).Error(), "CAP_KILL") {
		t.Error(err)
	}
}
