//go:build linux && (amd64 || arm64)

package intake_test

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"supervise/internal/sys"
	"supervise/internal/testproc"
	"supervise/signals"
	"supervise/signals/intake"
)

// TestWake lets goroutines call Wake thousands of times. Whoever loses one waits for ever,
// and is killed.
func TestWake(t *testing.T) {
	eachMode(t, func(t *testing.T, b build) {
		for _, args := range [][]string{{"1", "3000", "answer"}, {"2", "2000", "answer"}, {"8", "1000", "answer"}, {"8", "3000", "list"}} {
			t.Run(strings.Join(args, "-"), func(t *testing.T) { b.run(t, "wake", args...) })
		}
	})
}

func TestWaitTimeout(t *testing.T) {
	eachMode(t, func(t *testing.T, b build) { b.run(t, "timeouts") })
}

// TestOwnPipes makes sure that the SIGPIPE of our own writes, and SIGCHLD, are told to
// nobody, but another's SIGPIPE is.
func TestOwnPipes(t *testing.T) {
	eachMode(t, func(t *testing.T, b build) {
		s, _ := start(t, b.command("pipes"))
		s.kill(t, signals.SIGPIPE)
		s.kill(t, signals.SIGCHLD)
		checkOne(t, s.rest(t), signals.Info{Signal: signals.SIGPIPE, PID: int32(os.Getpid()), UID: uint32(os.Getuid())})
	})
}

func checkOne(t *testing.T, all []got, want signals.Info) {
	t.Helper()
	if len(all) != 1 || all[0].Info != want {
		t.Errorf("got %v, want %v", all, want)
	}
}

// TestHold leaves a real-time signal in the kernel until it is released. Its sender sees
// the queue grow, and fill up.
func TestHold(t *testing.T) {
	eachMode(t, func(t *testing.T, b build) {
		s, _ := start(t, b.command("listen", "hold=40"))
		const held, other, each = 40, 41, 5
		for i := range each {
			s.queue(t, held, uint64(i))
			s.queue(t, other, uint64(i))
		}
		for i := range each {
			if g, _ := s.next(t); g.Signal != other || g.Value != uint64(i) {
				t.Errorf("got %+v while %d was held", g, held)
			}
		}
		state, err := sys.ReadSignalState(fmt.Sprint(s.Process.Pid))
		if err != nil || state.Shared != signals.SetOf(held) || state.Queued < each {
			t.Errorf("held: %+v, %v, want %d of %d pending", state, err, each, held)
		}
		limitPending(t, s.Process.Pid, 0)
		info := s.self
		info.Signal = held
		if err := sys.Queue(s.Process.Pid, info); err != syscall.EAGAIN {
			t.Errorf("with no room left: %v, want EAGAIN", err)
		}
		limitPending(t, s.Process.Pid, math.MaxUint64)
		s.kill(t, signals.SIGUSR1) // releases it
		if g, _ := s.next(t); g.Signal != signals.SIGUSR1 {
			t.Errorf("got %+v, want SIGUSR1", g)
		}
		all := s.rest(t)
		for i, g := range all {
			if g.Signal != held || g.Value != uint64(i) || g.Code != signals.CodeQueue {
				t.Errorf("released: %+v", g)
			}
		}
		if len(all) != each {
			t.Errorf("released: %d signals, want %d", len(all), each)
		}
	})
}

// limitPending sets RLIMIT_SIGPENDING of a process, to the hard limit at most. The signals
// that are pending for others of its user count, too.
func limitPending(t *testing.T, pid int, soft uint64) {
	t.Helper()
	const rlimitSigpending = 11
	if err := prlimit(pid, rlimitSigpending, soft); err != nil {
		t.Fatal(err)
	}
}

func TestHoldForced(t *testing.T) {
	eachMode(t, func(t *testing.T, b build) { b.run(t, "hold") })
}

// TestMarker makes sure that nobody can send the program round in circles.
func TestMarker(t *testing.T) {
	for _, value := range []string{"", "nonsense", "0:0:0", "0:0:0:0:0", "0:0:x:0:true", "0:0:0:0:x", "fffffffe7ffbfeff:0000000000000000:1024:4096:false"} {
		cmd := in(t, intake.Reexec).command("listen")
		cmd.Env = append(cmd.Env, "SUPERVISE_INTAKE="+value)
		var complaint strings.Builder
		cmd.Stderr = &complaint
		testproc.Start(t, cmd)
		err := cmd.Wait()
		want := "cannot execute /proc/self/exe again to block signals: the environment variable SUPERVISE_INTAKE is set, but not by the first execution; unset it\n"
		if err == nil || complaint.String() != want {
			t.Errorf("%q: %v, %s", value, err, complaint.String())
		}
	}
}

// TestVariables shows how the entry point has the runtime start.
func TestVariables(t *testing.T) {
	for _, name := range []string{"GOMAXPROCS", "GODEBUG"} {
		t.Setenv(name, "") // to be put back
		_ = os.Unsetenv(name)
	}
	b, want := in(t, intake.Entry), "GOMAXPROCS=1 GODEBUG=asyncpreemptoff=1"
	level, err := exec.Command("go", "env", "GOAMD64").Output()
	if err != nil {
		t.Fatal(err)
	}
	if string(level) == "v1\n" { // of another architecture it is empty
		want += ",cpu.sse42=off"
	}
	if got := b.run(t, "variables"); got != want+"\n" {
		t.Errorf("%swant %s", got, want)
	}
}

// TestLeave gives the signals back: they then do what they do in any Go program.
func TestLeave(t *testing.T) {
	eachMode(t, func(t *testing.T, b build) {
		s, _ := start(t, b.command("leave", "1", "2", "10", "13", "15", "23", "28", "35", "64"))
		for _, signal := range []signals.Signal{1, 2, 10, 13, 15, 23, 28, 35, 64} {
			s.kill(t, signal)
			if signal == signals.SIGURG {
				continue
			}
			if line, _ := s.line(); line != fmt.Sprint(int(signal)) {
				t.Errorf("%v arrived as %s", signal, line)
			}
		}
	})
}
