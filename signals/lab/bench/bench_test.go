package bench_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"supervise/internal/testproc"
	"supervise/signals"
	"supervise/signals/lab/bench"
)

// holderRole is the first argument of a test binary that is to be a holder.
const holderRole = "holder-of-test"

// trial is what the holder of these tests does: it starts a program, waits for a line of it,
// and sends a signal.
type trial struct {
	Setup  bench.Setup
	Line   string
	Signal signals.Signal `json:",omitzero"`
	Hang   bool
}

type outcome struct {
	Output string
	State  bench.State
	Exit   signals.Exit
	Left   int
}

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == holderRole {
		if err := bench.Serve(play); err != nil {
			panic(err)
		}
		os.Exit(0)
	}
	testproc.Role("runner", runner)
	os.Exit(testproc.Run(m.Run))
}

func play(h *bench.Holder, text []byte) (any, error) {
	var t trial
	if err := json.Unmarshal(text, &t); err != nil {
		return nil, err
	}
	p, err := h.Start(&t.Setup)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if _, err := p.Output.AwaitMatch(ctx, 0, regexp.MustCompile(t.Line)); err != nil {
		return nil, err
	}
	h.Report("it is ready")
	if t.Hang {
		<-ctx.Done()
	}
	if t.Signal != 0 {
		if err := p.Signal(bench.Main, t.Signal); err != nil {
			return nil, err
		}
		p.Await(ctx, bench.Ended)
	}
	output, _ := p.Output.Text()
	o := outcome{Output: string(output), State: p.State(), Left: len(h.Left())}
	o.Exit, _, _ = p.Exit()
	return o, nil
}

// runner makes a trial that hangs, in a process that is killed.
func runner(args []string) int {
	_, _ = bench.Run(context.Background(), &bench.Trial{Argv: []string{"/proc/self/exe", holderRole}, Limit: time.Minute, Place: bench.Place(args[1])},
		trial{Setup: bench.Setup{Argv: shell(args[0])}, Line: "(?m)^ready$", Hang: true}, nil, func([]byte) { println("ready") })
	return 0
}

func shell(script string) []string { return []string{"/bin/sh", "-c", script} }

func holder(t *testing.T, place bench.Place) *bench.Trial {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return &bench.Trial{Argv: []string{self, holderRole}, Limit: time.Minute, Place: place}
}

var places = []bench.Place{bench.Namespace, bench.Subreaper}

// mark makes the descendants of a program known: a file that they have open, which is locked
// as long as one of them lives.
func mark(t *testing.T) (file string, gone func() bool) {
	t.Helper()
	file = t.TempDir() + "/lock"
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return file, func() bool {
		fd, err := unix.Open(file, unix.O_RDWR|unix.O_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = unix.Close(fd) }()
		return unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) == nil
	}
}

// stubborn is a program with a descendant that has got away, and ignores what can be ignored.
func stubborn(file string) string {
	return "exec 9<" + file + "; flock -s 9; trap '' TERM HUP INT; (setsid sh -c 'sleep 300 & sleep 300' &) ; echo ready; sleep 300"
}

// TestNothingIsLeft: what a program leaves ends with the trial, wherever it is.
func TestNothingIsLeft(t *testing.T) {
	if _, err := exec.LookPath("flock"); err != nil {
		t.Skip(err)
	}
	for _, place := range places {
		t.Run(string(place), func(t *testing.T) {
			file, gone := mark(t)
			var o outcome
			_, err := bench.Run(t.Context(), holder(t, place), trial{Setup: bench.Setup{Argv: shell(stubborn(file))}, Line: "(?m)^ready$", Signal: signals.SIGKILL}, &o, nil)
			if err != nil {
				t.Fatal(err)
			}
			if o.Left < 1 || o.Exit.Signal != signals.SIGKILL {
				t.Errorf("it is %+v", o)
			}
			if !gone() {
				t.Error("something is left")
			}
		})
	}
}

// TestTooLong: a trial that takes too long is killed, with all that it has.
func TestTooLong(t *testing.T) {
	if _, err := exec.LookPath("flock"); err != nil {
		t.Skip(err)
	}
	for _, place := range places {
		t.Run(string(place), func(t *testing.T) {
			file, gone := mark(t)
			trialOf := holder(t, place)
			ctx, cancel := context.WithCancelCause(t.Context())
			var o outcome
			_, err := bench.Run(ctx, trialOf, trial{Setup: bench.Setup{Argv: shell(stubborn(file))}, Line: "(?m)^ready$", Hang: true}, &o,
				func([]byte) { cancel(bench.ErrTooLong) })
			if !errors.Is(err, bench.ErrTooLong) {
				t.Errorf("it returns %v", err)
			}
			await(t, "all is gone", gone)
		})
	}
}

// TestRunnerKilled: when whoever has started a trial is killed, the trial ends.
func TestRunnerKilled(t *testing.T) {
	if _, err := exec.LookPath("flock"); err != nil {
		t.Skip(err)
	}
	for _, place := range places {
		t.Run(string(place), func(t *testing.T) {
			file, gone := mark(t)
			cmd := testproc.Command(t, "runner", stubborn(file), string(place))
			stderr, err := cmd.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			testproc.Start(t, cmd)
			if line, err := bufio.NewReader(stderr).ReadString('\n'); line != "ready\n" {
				t.Fatal(line, err)
			}
			if gone() {
				t.Fatal("nothing has the lock")
			}
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			await(t, "all is gone", gone)
		})
	}
}

// await waits for what no event tells: the end of processes that are no children.
func await(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within a minute: %s", what)
		}
	}
}

// TestInit: PID 1 is PID 1, in a /proc that shows nobody else, and without rights that this
// user has not.
func TestInit(t *testing.T) {
	var o outcome
	setup := bench.Setup{Argv: shell("echo $$ $(ls -d /proc/[0-9]* | head -1) $(tr '\\0' ' ' </proc/1/cmdline); grep CapEff /proc/self/status; trap 'exit 7' TERM; echo ready; sleep 60 & wait"), Init: true}
	place, err := bench.Run(t.Context(), holder(t, ""), trial{Setup: setup, Line: "(?m)^ready$", Signal: signals.SIGTERM}, &o, nil)
	if place == bench.Subreaper {
		t.Skip("there are no namespaces for this user")
	}
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(o.Output, "1 /proc/1 /bin/sh -c ") || o.Exit.Code != 7 {
		t.Errorf("it is %+v", o)
	}
	if os.Geteuid() != 0 && !strings.Contains(o.Output, "CapEff:\t0000000000000000") {
		t.Errorf("it has capabilities: %s", o.Output)
	}
	_, err = bench.Run(t.Context(), holder(t, bench.Subreaper), trial{Setup: setup, Line: "(?m)^ready$"}, &o, nil)
	if err == nil || !strings.Contains(err.Error(), "it cannot be PID 1") {
		t.Errorf("without a namespace it returns %v", err)
	}
}

// TestState: a program has the mask and the ignored signals of its setup, and its descriptors
// are such as those that a shell gives.
func TestState(t *testing.T) {
	var o outcome
	limit := uint64(7)
	setup := bench.Setup{
		Argv:  []string{"/bin/sed", "-n", "-e", "/^Sig/p", "-e", "/^flags/p", "-e", "$aready", "/proc/self/status", "/proc/self/fdinfo/0", "/proc/self/fdinfo/1", "/proc/self/fdinfo/2"},
		Block: signals.SetOf(signals.SIGUSR1), Ignore: signals.SetOf(signals.SIGHUP, signals.SIGPIPE), PendingLimit: &limit,
	}
	if _, err := bench.Run(t.Context(), holder(t, ""), trial{Setup: setup, Line: "(?m)^ready$"}, &o, nil); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"/7\n", "SigBlk:\t0000000000000200\n", "SigIgn:\t0000000000001001\n"} {
		if !strings.Contains(o.Output, want) {
			t.Errorf("it lacks %q:\n%s", want, o.Output)
		}
	}
	if strings.Contains(o.Output, "04001") || strings.Contains(o.Output, "04000") {
		t.Errorf("a descriptor has O_NONBLOCK:\n%s", o.Output)
	}
}
