package main_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"supervise/internal/sys"
	"supervise/internal/testproc"
	"supervise/signals"
)

// received is a line that testproc's receiver prints.
type received struct {
	signal, code, pid int
	uid               uint32
	value             uint64
}

// receiver is a command under init that takes all signals.
type receiver struct {
	init  *exec.Cmd
	lines *bufio.Scanner
}

// startReceiver starts init with flags, and a receiver with arguments below it.
func startReceiver(t *testing.T, program string, flags, args []string) *receiver {
	t.Helper()
	cmd := exec.Command(program, slices.Concat([]string{"init"}, flags, []string{"--", helper}, args)...)
	if uid, ok := ownUser(); ok {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	}
	cmd.Env = testproc.Environ("receive")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	testproc.Start(t, cmd)
	r := &receiver{init: cmd, lines: bufio.NewScanner(out)}
	if !r.lines.Scan() || r.lines.Text() != "ready" {
		t.Fatalf("the receiver is not ready: %q %v", r.lines.Text(), r.lines.Err())
	}
	return r
}

// users counts the users that tests have had for themselves.
var users atomic.Uint32

// ownUser returns a user that nobody else is, where there is the right to become one. The
// kernel counts the signals that are pending for all processes of a user together
// (RLIMIT_SIGPENDING of getrlimit(2)): with those of others, a small limit can be reached
// for as long as they like.
func ownUser() (uid uint32, ok bool) {
	const first, each = 1 << 20, 1 << 8
	return first + uint32(os.Getpid())*each + users.Add(1), os.Geteuid() == 0
}

// queue sends one signal with a value to init, as this process.
func (r *receiver) queue(t *testing.T, s signals.Signal, value uint64) {
	t.Helper()
	info := signals.Info{Signal: s, Code: signals.CodeQueue, PID: int32(os.Getpid()), UID: uint32(os.Getuid()), Value: value}
	var err error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if err = sys.Queue(r.init.Process.Pid, info); err == nil {
			return
		}
		if !errors.Is(err, syscall.EAGAIN) {
			break
		}
	}
	t.Fatalf("sigqueue %v: %v", s, err)
}

// next returns the next signal that the command got, and false when it has ended.
func (r *receiver) next(t *testing.T) (g received, ok bool) {
	t.Helper()
	if !r.lines.Scan() {
		return g, false
	}
	if _, err := fmt.Sscan(strings.TrimSpace(r.lines.Text()), &g.signal, &g.code, &g.pid, &g.uid, &g.value); err != nil {
		t.Fatalf("line %q: %v", r.lines.Text(), err)
	}
	return g, true
}

// all ends the receiver and returns everything that it got but for the last signal.
func (r *receiver) all(t *testing.T) []received {
	t.Helper()
	r.queue(t, testproc.LastSignal, testproc.LastValue)
	var got []received
	for g, ok := r.next(t); ok; g, ok = r.next(t) {
		got = append(got, g)
	}
	if err := r.init.Wait(); err != nil {
		t.Fatalf("init: %v", err)
	}
	if len(got) == 0 || got[len(got)-1].value != testproc.LastValue {
		t.Fatal("the last signal did not arrive")
	}
	return got[:len(got)-1]
}

// TestInitQueuedSignals sends real-time signals as fast as sigqueue goes: all arrive, in
// order for each number, with value and the original sender.
func TestInitQueuedSignals(t *testing.T) {
	for name, c := range map[string]struct{ flags, args []string }{
		"unlimited":     {},
		"SIGPENDING=10": {args: []string{"10"}},
		"group":         {flags: []string{"--group"}},
	} {
		t.Run(name, func(t *testing.T) {
			eachBuild(t, func(t *testing.T, program string) {
				r := startReceiver(t, program, c.flags, c.args)
				// Without SIGRTMIN, which every thread of the receiver's Go runtime unblocks.
				numbers := []signals.Signal{signals.SIGRTMIN + 1, signals.SIGRTMIN + 2, 50, signals.SIGRTMAX - 1}
				const each = 5000
				for i := range each {
					for _, s := range numbers {
						r.queue(t, s, uint64(i+1)<<32|uint64(s))
					}
				}
				checkQueued(t, r.all(t), numbers, each)
			})
		})
	}
}

// TestInitFirstRealTime does the same with SIGRTMIN, and a receiver without a runtime.
func TestInitFirstRealTime(t *testing.T) {
	bare := filepath.Join(openDir(t), "receiver")
	build := exec.Command("go", "build", "-buildvcs=false", "-ldflags=-E=_receiver_entry", "-o", bare, "supervise/internal/bench/receiver")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	eachBuild(t, func(t *testing.T, program string) {
		cmd := exec.Command(program, "init", "--", bare)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		testproc.Start(t, cmd)
		r := &receiver{init: cmd}
		records := bufio.NewReader(out)
		bareRecord(t, records) // ready
		numbers := []signals.Signal{signals.SIGRTMIN, signals.SIGRTMIN + 1}
		const each = 10000
		for i := range each {
			for _, s := range numbers {
				r.queue(t, s, uint64(i+1)<<32|uint64(s))
			}
		}
		var got []received
		for range each * len(numbers) {
			got = append(got, bareRecord(t, records))
		}
		checkQueued(t, got, numbers, each)
		_ = out.Close() // it ends when nobody reads it
		r.queue(t, signals.SIGRTMIN, 0)
		if code := exitCode(t, cmd.Wait()); code != 1 {
			t.Errorf("init ended with status %d, want the receiver's", code)
		}
	})
}

// bareRecord reads what internal/bench/receiver writes: a siginfo_t and two numbers.
func bareRecord(t *testing.T, from io.Reader) received {
	t.Helper()
	var raw signals.RawInfo
	for _, part := range [][]byte{raw[:], make([]byte, 16)} {
		if _, err := io.ReadFull(from, part); err != nil {
			t.Fatalf("the receiver has ended: %v", err)
		}
	}
	info := signals.Decode(&raw)
	return received{int(info.Signal), int(info.Code), int(info.PID), info.UID, info.Value}
}

func checkQueued(t *testing.T, got []received, numbers []signals.Signal, each int) {
	t.Helper()
	next := map[int]uint64{}
	wrong := 0
	for _, g := range got {
		next[g.signal]++
		want := received{g.signal, int(signals.CodeQueue), os.Getpid(), uint32(os.Getuid()), next[g.signal]<<32 | uint64(g.signal)}
		if g != want && wrong < 5 {
			wrong++
			t.Errorf("got %+v, want %+v", g, want)
		}
	}
	for _, s := range numbers {
		if n := next[int(s)]; n != uint64(each) {
			t.Errorf("%v: %d arrived, want %d", s, n, each)
		}
	}
}

// TestInitRewritten hands signals on as others, to the command and to its group: with value
// and sender, however the two are of different kinds.
func TestInitRewritten(t *testing.T) {
	as := map[signals.Signal]signals.Signal{
		signals.SIGHUP: signals.SIGUSR1, signals.SIGUSR2: 44, 45: signals.SIGWINCH, 46: 47, 47: 46, signals.SIGTERM: signals.SIGCONT,
	}
	flags := []string{"--rewrite", "1:10,12:44,45:28,46:47,47:46,15:18,35:0"}
	for name, group := range map[string][]string{"command": nil, "group": {"--group"}} {
		t.Run(name, func(t *testing.T) {
			eachBuild(t, func(t *testing.T, program string) {
				r := startReceiver(t, program, slices.Concat(flags, group), nil)
				for i, from := range slices.Sorted(maps.Keys(as)) {
					for _, value := range []uint64{uint64(i), 1<<40 | uint64(i)} {
						r.queue(t, signals.SIGRTMIN+1, value) // which is dropped
						r.queue(t, from, value)
						want := received{int(as[from]), int(signals.CodeQueue), os.Getpid(), uint32(os.Getuid()), value}
						if got, _ := r.next(t); got != want {
							t.Errorf("%v: got %+v, want %+v", from, got, want)
						}
					}
				}
				if rest := r.all(t); len(rest) > 0 {
					t.Errorf("beside them came %+v", rest)
				}
			})
		})
	}
}

// TestInitHoldsNothing looks for signals that init keeps pending itself: they are counted
// against what all processes of its user may have pending, the command's among them.
func TestInitHoldsNothing(t *testing.T) {
	eachBuild(t, func(t *testing.T, program string) {
		r := startReceiver(t, program, nil, nil)
		r.queue(t, signals.SIGUSR1, 1)
		if _, ok := r.next(t); !ok {
			t.Fatal("the receiver has ended")
		}
		for deadline := time.Now().Add(patience); ; {
			held := ""
			threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", r.init.Process.Pid))
			for _, thread := range threads {
				text, _ := os.ReadFile(thread)
				if state, err := sys.ParseSignalState(string(text)); err == nil && state.Pending != 0 {
					held += fmt.Sprintf("%s: %v\n", thread, state.Pending)
				}
			}
			if held == "" && (len(threads) > 1 || program == entryBuild) { // which has but one: package nucleus
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("signals stay pending:\n%s", held)
			}
		}
		r.all(t)
	})
}

// TestInitEverySignal sends each of the 61 signals by kill(2). One at a time, because the
// kernel itself drops a pending SIGCONT when a stop signal is sent, and the reverse.
func TestInitEverySignal(t *testing.T) {
	eachBuild(t, func(t *testing.T, program string) {
		r := startReceiver(t, program, nil, nil)
		sent := 0
		for s := range signals.Full.All() {
			if !s.Catchable() || s == signals.SIGCHLD {
				continue
			}
			sent++
			if err := sys.Kill(r.init.Process.Pid, s); err != nil {
				t.Fatalf("kill %v: %v", s, err)
			}
			want := received{int(s), int(signals.CodeQueue), os.Getpid(), uint32(os.Getuid()), 0}
			if got, ok := r.next(t); !ok || got != want {
				t.Errorf("%v arrived as %+v, want %+v", s, got, want)
			}
		}
		if sent != 61 {
			t.Errorf("sent %d signals, want 61", sent)
		}
		for _, g := range r.all(t) {
			t.Errorf("%+v arrived beyond those sent", g)
		}
	})
}
