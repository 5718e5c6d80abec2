//go:build linux && (amd64 || arm64)

package process

import (
	"bufio"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
	"testing"

	"supervise/internal/sys"
	"supervise/internal/testproc"
	"supervise/signals"
)

// uncatchable can be neither blocked nor ignored.
var uncatchable = signals.SetOf(signals.SIGKILL, signals.SIGSTOP)

// every returns each n-th signal from the first on.
func every(first, n signals.Signal) (set signals.Set) {
	for s := first; s <= signals.Max; s += n {
		set = set.With(s)
	}
	return set
}

var states = []struct {
	name         string
	mask, ignore signals.Set
}{
	{"nothing", 0, 0},
	{"everything", signals.Full, signals.Full},
	{"all blocked", signals.Full, 0},
	{"all ignored", 0, signals.Full},
	{"some", signals.SetOf(15, 33, 40), signals.SetOf(1, 13, 34, 64)},
	{"the same both ways", signals.SetOf(1, 17, 64), signals.SetOf(1, 17, 64)},
	{"even and odd", every(2, 2), every(1, 2)},
	{"odd and even", every(1, 2), every(2, 2)},
	{"the C library's", signals.SetOf(32, 33, 34), signals.SetOf(32, 33, 34)},
	{"what the Go runtime respects", 0, signals.SetOf(signals.SIGHUP, signals.SIGINT)},
	{"job control", signals.SetOf(signals.SIGCONT), signals.SetOf(signals.SIGTSTP, signals.SIGTTIN, signals.SIGTTOU)},
	{"children", 0, signals.SetOf(signals.SIGCHLD)},
}

// checkStates starts a child for each row and reads its state back. It reports to a
// function because it also runs in processes that are no test.
func checkStates(errorf func(format string, args ...any)) {
	for _, row := range states {
		for _, placement := range []Placement{SameGroup, OwnSession} {
			spec := sleeper()
			spec.Mask, spec.Ignore, spec.Placement = row.mask, row.ignore, placement
			child, err := Start(&spec)
			if err != nil {
				errorf("%s: %v", row.name, err)
				continue
			}
			state, err := sys.ReadSignalState(strconv.Itoa(child.PID))
			_ = sys.KillPIDFD(child.PIDFD, uint8(signals.SIGKILL))
			_ = syscall.Close(child.PIDFD)
			if _, err := syscall.Wait4(child.PID, nil, syscall.WALL, nil); err != nil {
				errorf("%s: wait4: %v", row.name, err)
			}
			want := sys.SignalState{
				Blocked: row.mask &^ uncatchable, Ignored: row.ignore &^ uncatchable,
				Queued: state.Queued, Limit: state.Limit, Parent: os.Getpid(),
			}
			if state != want || err != nil {
				errorf("%s: got %+v, %v, want %+v", row.name, state, err, want)
			}
		}
	}
}

func TestState(t *testing.T) {
	eachClone(t, func(t *testing.T) { checkStates(t.Errorf) })
}

// TestStateOfParent does the same in processes that have signals ignored and blocked
// themselves, by inheritance and by their own doing.
func TestStateOfParent(t *testing.T) {
	tests := []struct {
		name          string
		mask, ignored signals.Set
		args          []string
	}{
		{"nothing", 0, 0, nil},
		{"all ignored", 0, signals.Full, nil},
		{"all blocked and ignored", signals.Full, signals.Full, nil},
		{"as under nohup", 0, signals.SetOf(signals.SIGHUP), nil},
		{"by itself", 0, 0, []string{"ignore"}},
		{"all ignored, by itself too", 0, signals.Full, []string{"ignore"}},
		{"catching all", 0, 0, []string{"catch"}},
	}
	eachClone(t, func(t *testing.T) {
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				how := strconv.FormatBool(!sys.FeatureClone3.Available())
				argv := append(testproc.Argv(t, how), test.args...)
				cmd := testproc.Inheriting(t, test.mask, test.ignored, "matrix", argv[0], argv[1:]...)
				out, err := cmd.StdoutPipe()
				if err != nil {
					t.Fatal(err)
				}
				cmd.Stderr = os.Stderr
				testproc.Start(t, cmd)
				lines := bufio.NewScanner(out)
				last := ""
				for lines.Scan() {
					if last = lines.Text(); last != "done" {
						t.Error(last)
					}
				}
				if err := cmd.Wait(); err != nil || last != "done" {
					t.Errorf("%v, the last line is %q", err, last)
				}
			})
		}
	})
}

// matrix is the role of a process that checks all states; its first argument says whether
// by plain clone, its second what it does to its own signals before.
func matrix(args []string) int {
	sys.FeatureClone3.SetAvailable(args[0] != "true")
	if len(args) > 1 {
		switch args[1] {
		case "ignore":
			// Not SIGCHLD, as there would be nobody to wait for.
			signal.Ignore(syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGPIPE, syscall.SIGTERM,
				syscall.SIGWINCH, syscall.Signal(35), syscall.Signal(64))
		case "catch":
			signal.Notify(make(chan os.Signal, 1))
		}
	}
	checkStates(func(format string, args ...any) { fmt.Printf(format+"\n", args...) })
	fmt.Println("done")
	return 0
}

// TestMaskRestored makes sure that the caller has its own mask again, also after failure.
func TestMaskRestored(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	want := signals.SetOf(signals.SIGUSR1, 50)
	defer sys.SetMask(sys.SetMask(want))
	eachCloneHere(func() {
		spec := sleeper()
		start(t, &spec)
		if got := sys.Mask(); got != want {
			t.Errorf("after a start the mask is %v, want %v", got, want)
		}
		spec.Path = "/nonexistent"
		if _, err := Start(&spec); err == nil {
			t.Error("a missing file was started")
		}
		if got := sys.Mask(); got != want {
			t.Errorf("after a failure the mask is %v, want %v", got, want)
		}
	})
}

// eachCloneHere is eachClone without a subtest, which would be another goroutine and so
// another thread.
func eachCloneHere(test func()) {
	defer sys.FeatureClone3.SetAvailable(sys.FeatureClone3.Available())
	if sys.FeatureClone3.Available() {
		test()
	}
	sys.FeatureClone3.SetAvailable(false)
	test()
}

// TestDefaultActions makes sure that a child does with each signal what signals.Default
// says and the kernel does, that is to say nothing of ours is left in it.
func TestDefaultActions(t *testing.T) {
	eachClone(t, func(t *testing.T) {
		for s := range signals.Full.All() {
			spec := sleeper()
			spec.Limits = []Limit{{Resource: syscall.RLIMIT_CORE}}
			// In a group that is orphaned SIGTSTP, SIGTTIN and SIGTTOU do nothing: this one
			// is not, as we are in the same session.
			spec.Placement = OwnGroup
			child := start(t, &spec)
			if err := sys.Kill(child.PID, s); err != nil {
				t.Fatalf("kill %v: %v", s, err)
			}
			switch s.Default() {
			case signals.Ignore, signals.Continue:
			case signals.Terminate, signals.Core:
				if status := wait(t, child, 0); !status.Signaled() || int(status.Signal()) != int(s) {
					t.Errorf("%v ended the child with %x", s, status)
				}
				continue
			case signals.Stop:
				if status := wait(t, child, syscall.WUNTRACED); !status.Stopped() || int(status.StopSignal()) != int(s) {
					t.Errorf("%v: status %x", s, status)
				}
				if err := sys.Kill(child.PID, signals.SIGCONT); err != nil {
					t.Fatal(err)
				}
				if status := wait(t, child, syscall.WCONTINUED); !status.Continued() {
					t.Errorf("%v, then SIGCONT: status %x", s, status)
				}
			}
			if err := sys.Kill(child.PID, signals.SIGTERM); err != nil {
				t.Fatal(err)
			}
			if status := wait(t, child, 0); status.Signal() != syscall.SIGTERM {
				t.Errorf("%v, then SIGTERM: status %x", s, status)
			}
		}
	})
}
