package lab_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"supervise/internal/testproc"
	"supervise/signals/lab"
	"supervise/signals/state/procfs"
)

// stageRole is the first argument of a test binary that is to be a stage.
const stageRole = "stage-of-experiment"

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == stageRole {
		if err := lab.Stage(os.Args[2]); err != nil {
			panic(err)
		}
		os.Exit(0)
	}
	testproc.Role("runner", func(args []string) int {
		lab.Run(context.Background(), lab.Find(args[0]), []string{"/proc/self/exe", stageRole, args[0]}, nil)
		return 0
	})
	os.Exit(testproc.Run(m.Run))
}

func run(t *testing.T, ctx context.Context, name string) lab.Result {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return lab.Run(ctx, lab.Find(name), []string{self, stageRole, name}, nil)
}

// TestExperiments: each experiment sees what its manual page says, or says why it cannot.
func TestExperiments(t *testing.T) {
	for _, e := range lab.Experiments() {
		if strings.HasPrefix(e.Name, lab.Planted) {
			continue
		}
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			if e.Name == "cores" {
				testproc.NoCorePattern(t)
			}
			r := run(t, t.Context(), e.Name)
			if e.Title == "" || e.Teaches == "" || e.Man == "" {
				t.Error("its description lacks something")
			}
			for i := range r.Steps {
				t.Logf("%s: %s", r.Steps[i].Text, r.Steps[i].Seen)
			}
			switch r.Verdict {
			case lab.OK:
				if len(r.Steps) < 3 {
					t.Errorf("it has %d steps", len(r.Steps))
				}
			case lab.Differs:
				t.Error(r.Why)
			case lab.Impossible:
				t.Skip(r.Why)
			}
		})
	}
}

// TestPlanted: what is not as expected is found, and nothing else is taken for it.
func TestPlanted(t *testing.T) {
	if r := run(t, t.Context(), "coalescing"); r.Verdict == lab.Impossible {
		t.Skip(r.Why)
	}
	for name, want := range map[string]struct {
		verdict lab.Verdict
		why     string
	}{
		"planted-difference": {lab.Differs, "pending: SIGUSR1, not SIGUSR2"},
		"planted-hang":       {lab.Differs, "it took too long"},
		"planted-vain":       {lab.Differs, "there is no such process"},
		"planted-panic":      {lab.Differs, "panic: planted"},
		"planted-impossible": {lab.Impossible, "it is planted"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			if name == "planted-hang" {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, time.Second)
				defer cancel()
			}
			r := run(t, ctx, name)
			if r.Verdict != want.verdict || !strings.Contains(r.Why, want.why) {
				t.Errorf("%v: %s; want %v: %s", r.Verdict, r.Why, want.verdict, want.why)
			}
		})
	}
}

// TestKilled: when whoever waits for an experiment is killed, nothing of it stays.
func TestKilled(t *testing.T) {
	if r := run(t, t.Context(), "coalescing"); r.Verdict == lab.Impossible {
		t.Skip(r.Why)
	}
	runner := testproc.Command(t, "runner", "planted-hang")
	testproc.Start(t, runner)
	var tree []int
	eventually(t, "there is an actor", func() bool {
		tree = procfs.Tree(runner.Process.Pid)
		return len(tree) == 3 // the runner, the stage, the actor
	})
	_ = runner.Process.Kill()
	_ = runner.Wait()
	for _, pid := range tree {
		eventually(t, "it is gone", func() bool {
			process, err := procfs.Read(pid)
			return errors.Is(err, procfs.ErrGone) || err == nil && !process.Alive()
		})
	}
}

// eventually waits until something is so that nobody tells.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(testproc.Limit / 4); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("in vain: " + what)
		}
	}
}
