package procfs_test

import (
	"bufio"
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"supervise/internal/testproc"
	"supervise/signals"
	"supervise/signals/state"
	"supervise/signals/state/procfs"
)

func TestMain(m *testing.M) { testproc.Main(m) }

// started starts the C program and waits until it is ready.
func started(t *testing.T, args ...string) (*exec.Cmd, *bufio.Reader) {
	t.Helper()
	prog := testproc.Build(t, "testdata", [][]string{{"gcc", "-o", "prog", "DIR/states.c", "-lpthread"}})
	cmd := exec.Command(prog, args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	testproc.Start(t, cmd)
	lines := bufio.NewReader(out)
	if line, err := lines.ReadString('\n'); err != nil || line != "ready\n" {
		t.Fatalf("%q, %v", line, err)
	}
	return cmd, lines
}

func read(t *testing.T, pid int) *state.Process {
	t.Helper()
	p, err := procfs.Read(pid)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestRead(t *testing.T) {
	cmd, _ := started(t, "one", "two words")
	p := read(t, cmd.Process.Pid)
	set := signals.SetOf
	if p.Comm != "prog" || !slices.Equal(p.Command[1:], []string{"one", "two words"}) || p.NoExec || p.Started == 0 {
		t.Errorf("%+v", p)
	}
	if p.Ignored&set(signals.SIGHUP, signals.SIGUSR1) != set(signals.SIGHUP) || !p.Caught.Has(signals.SIGTERM) || p.Shared != set(signals.SIGUSR1, signals.SIGRTMIN) {
		t.Errorf("ignored %v, caught %v, pending %v", p.Ignored, p.Caught, p.Shared)
	}
	if p.Queued < 2 || p.Limit == 0 {
		t.Errorf("queue %d/%d", p.Queued, p.Limit)
	}
	if len(p.Threads) != 3 || p.Threads[0].TID != p.PID {
		t.Fatalf("threads %+v", p.Threads)
	}
	byName := map[string]state.Thread{}
	for _, th := range p.Threads {
		byName[th.Comm] = th
	}
	blocker, waiter := byName["blocker"], byName["waiter"]
	if blocker.Pending != set(signals.SIGWINCH) || !blocker.Blocked.Has(signals.SIGWINCH) || p.Threads[0].Blocked.Has(signals.SIGWINCH) {
		t.Errorf("blocker: %+v", blocker)
	}
	if waiter.Waiting != set(signals.SIGQUIT) || waiter.Blocked.Has(signals.SIGQUIT) {
		t.Errorf("waiter: %+v", waiter)
	}
	if len(p.Descriptors) != 1 || p.Descriptors[0].Set != set(signals.SIGCHLD) || p.HiddenFiles {
		t.Errorf("descriptors %+v", p.Descriptors)
	}
	if p.Init() || p.Stopped() || !p.Alive() || p.Taken() != set(signals.SIGQUIT, signals.SIGCHLD) {
		t.Errorf("%+v", p)
	}
}

// The process lives on when its main thread has ended.
func TestMainThreadEnded(t *testing.T) {
	cmd, _ := started(t, "main-ends")
	for {
		p := read(t, cmd.Process.Pid)
		if p.State != 'Z' {
			continue
		}
		if !p.Alive() || p.Threads[0].TID == p.PID || !p.Caught.Has(signals.SIGTERM) {
			t.Errorf("%+v", p)
		}
		return
	}
}

func TestErrors(t *testing.T) {
	cmd, _ := started(t)
	p := read(t, cmd.Process.Pid)
	if _, err := procfs.Read(p.Threads[1].TID); err == nil || !strings.Contains(err.Error(), "is a thread of process") {
		t.Errorf("of a thread: %v", err)
	}
	if _, err := procfs.Read(1 << 30); !errors.Is(err, procfs.ErrGone) {
		t.Errorf("of no process: %v", err)
	}
}

func TestTree(t *testing.T) {
	cmd := exec.Command("/bin/sh", "-c", "sleep 1000 & (sleep 1000; :) & echo ready; wait")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	testproc.Start(t, cmd)
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	pid := cmd.Process.Pid
	for tree := []int(nil); len(tree) != 4; { // the shell, a shell below it, two sleeps
		tree = procfs.Tree(pid)
		if tree[0] != pid || len(tree) > 4 {
			t.Fatalf("tree %v", tree)
		}
	}
	if children := procfs.Children(pid); len(children) != 2 || children[0].Parent != pid {
		t.Errorf("children %+v", children)
	}
}
