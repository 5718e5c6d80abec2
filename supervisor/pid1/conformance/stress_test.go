package conformance

import (
	"errors"
	"flag"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"supervise/internal/sys"
	"supervise/signals"
)

var (
	rounds = flag.Int("rounds", 160, "how often a start and an end are met with signals")
	storm  = flag.Duration("storm", 500*time.Millisecond, "how long signals come while orphans do: a minute at the most")
)

// recordSize is that of what the receiver writes for each signal: a siginfo_t and the time.
const recordSize = 144

// info reads one record.
func info(b []byte) signals.Info {
	return signals.Decode((*signals.RawInfo)(unsafe.Pointer(&b[0])))
}

// spawn starts a program with every signal blocked, so that none ends it before its first
// instruction, its output on a pipe, and a mark.
func spawn(t *testing.T, entry string, argv ...string) (pid int, out *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	runtime.LockOSThread()
	before := sys.SetMask(signals.Full)
	pid, err = syscall.ForkExec(argv[0], argv, &syscall.ProcAttr{
		Env: append(os.Environ(), entry), Files: []uintptr{0, w.Fd(), 2}, Sys: &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL},
	})
	sys.SetMask(before)
	runtime.UnlockOSThread()
	_ = w.Close()
	if err != nil {
		_ = r.Close()
		t.Fatal(err)
	}
	return pid, r
}

// queue sends one signal with a value, and reports whether there was somebody to take it.
func queue(t *testing.T, pid int, s signals.Signal, value uint64) bool {
	t.Helper()
	for {
		err := sys.Queue(pid, signals.Info{Signal: s, Code: signals.CodeQueue, PID: int32(os.Getpid()), UID: uint32(os.Getuid()), Value: value})
		if !errors.Is(err, syscall.EAGAIN) {
			return err == nil
		}
		runtime.Gosched()
	}
}

// TestSignalsAtStart sends signals from right after fork on: whatever happens to init and
// the command meanwhile, all arrive, in order.
func TestSignalsAtStart(t *testing.T) {
	for _, name := range []string{own, tini, dumbInit, catatonit} {
		each(t, name, false, func(t *testing.T, p program) {
			entry := newMark()
			t.Cleanup(func() { killMarked(entry) })
			for range *rounds / 8 {
				signalsAtStart(t, entry, p)
			}
		})
	}
}

func signalsAtStart(t *testing.T, entry string, p program) {
	t.Helper()
	const count = 20
	pid, out := spawn(t, entry, p.file, "--", filepath.Join(bin, "receiver"))
	defer func() {
		_ = syscall.Kill(pid, syscall.SIGKILL)
		_, _ = syscall.Wait4(pid, nil, 0, nil)
		_ = out.Close()
	}()
	for value := range uint64(count) {
		spin(time.Duration(rand.Int64N(400_000)))
		if !queue(t, pid, signals.SIGRTMIN+5, value) {
			t.Fatal("init has ended")
		}
	}
	_ = out.SetReadDeadline(time.Now().Add(patience))
	record := make([]byte, recordSize)
	for next := uint64(0); next < count; {
		if _, err := io.ReadFull(out, record); err != nil {
			t.Fatalf("%d of %d arrived: %v", next, count, err)
		}
		switch got := info(record); {
		case got.Signal == 0: // it is ready
		case got.Value != next || got.Signal != signals.SIGRTMIN+5 || int(got.PID) != os.Getpid():
			t.Fatalf("%v arrived in the place of %d", got, next)
		default:
			next++
		}
	}
}

// spin waits without giving the processor away.
func spin(d time.Duration) {
	for start := time.Now(); time.Since(start) < d; {
	}
}

// TestSignalsAtEnd sends signals while the command ends by itself: init exits as the
// command does, whatever it was sent, and never hangs.
func TestSignalsAtEnd(t *testing.T) {
	for _, name := range []string{own, tini, dumbInit, catatonit} {
		each(t, name, false, func(t *testing.T, p program) {
			entry := newMark()
			t.Cleanup(func() { killMarked(entry) })
			for range *rounds / 8 {
				pid, out := spawn(t, entry, p.file, "--", "sh", "-c", "exit 7")
				spin(time.Duration(rand.Int64N(5_000_000)))
				// The command has all signals blocked, as we had.
				for s := signals.SIGRTMIN; sys.Kill(pid, 0) == nil && s < signals.SIGRTMAX; s++ {
					queue(t, pid, s, 1)
				}
				var status syscall.WaitStatus
				if _, err := syscall.Wait4(pid, &status, 0, nil); err != nil || status.ExitStatus() != 7 {
					t.Fatalf("%v, status %#x", err, status)
				}
				_ = out.Close()
			}
		})
	}
}

// TestStorm sends a thousand signals a second while orphans are reaped.
func TestStorm(t *testing.T) {
	if err := unshares(); err != nil {
		t.Skip("cannot make a PID namespace here:", err)
	}
	t.Parallel()
	for _, args := range [][]string{nil, {"-g"}, {"--rewrite=50:51"}} {
		each(t, own, false, func(t *testing.T, p program) {
			t.Parallel()
			stormOf(t, p, args)
		})
	}
}

func stormOf(t *testing.T, p program, args []string) {
	// Orphans are made in another group than the command's, which -g would reach.
	const script = `setsid sh -c "while :; do (: & : & : & : & : & : & :); sleep 0.005; done" & exec "$1"`
	argv := asFirst.argv(p.file, append(args, "--", "sh", "-c", script, "x", filepath.Join(bin, "receiver"))...)
	i := launch(t, nil, argv...)
	out := i.out
	record := make([]byte, recordSize)
	if _, err := io.ReadFull(out, record); err != nil {
		t.Fatal(err)
	}
	pid := i.pid(t, asFirst)
	const last = 1 << 32 // the value of the one after which no more comes
	go func() {
		value := uint64(0)
		for end := time.Now().Add(*storm); time.Now().Before(end); value++ {
			queue(t, pid, 50, value)
			time.Sleep(time.Millisecond)
		}
		queue(t, pid, 50, value|last)
	}()
	for next, more := uint64(0), true; more; next++ {
		if _, err := io.ReadFull(out, record); err != nil {
			t.Fatalf("after %d: %v\n%s", next, err, i.errors())
		}
		got := info(record)
		if got.Value&^last != next {
			t.Fatalf("%v arrived in the place of %d", got, next)
		}
		more = got.Value < last
	}
	if got := line(status(pid), "VmRSS"); kib(got) > 16<<10 {
		t.Errorf("init has grown to %s", got)
	}
}

func status(pid int) string {
	text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	return string(text)
}

// line returns one line of a /proc/PID/status.
func line(status, name string) string {
	for l := range strings.Lines(status) {
		if value, ok := strings.CutPrefix(l, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func kib(value string) int {
	number, _, _ := strings.Cut(value, " ")
	n, _ := strconv.Atoi(number)
	return n
}

// TestSmallPIDs lets pids come round soon, in a namespace of few, while signals come and
// children end: nobody but the command is hit.
func TestSmallPIDs(t *testing.T) {
	if err := unshares(); err != nil || os.Getuid() != 0 {
		t.Skip("to limit the pids of a namespace takes root")
	}
	before, _ := os.ReadFile("/proc/sys/kernel/pid_max")
	// Since Linux 6.14 the limit is the namespace's own.
	try := exec.Command("unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", "echo 400 >/proc/sys/kernel/pid_max")
	err := try.Run()
	if after, _ := os.ReadFile("/proc/sys/kernel/pid_max"); err != nil || string(after) != string(before) {
		_ = os.WriteFile("/proc/sys/kernel/pid_max", before, 0)
		t.Skip("pid_max is not a namespace's own here:", err)
	}
	each(t, own, false, func(t *testing.T, p program) {
		argv := asFirst.argv("sh", "-c", `echo 400 >/proc/sys/kernel/pid_max; exec "$0" --on-signal=HUP=restart -- sh -c '
			trap "" USR1 TERM; echo ready; n=0
			while [ $n -lt 600 ]; do n=$((n+1)); (trap - USR1; exit 0) & (: & :); wait $! || echo hit $?; done; echo done'`, p.file)
		i := launch(t, nil, argv...)
		i.await(t, "ready")
		pid := i.pid(t, asFirst)
		stop := make(chan struct{})
		go func() {
			defer close(stop)
			for sys.Kill(pid, signals.SIGUSR1) == nil {
				time.Sleep(100 * time.Microsecond)
			}
		}()
		if status := i.status(t); status != 0 || strings.Join(i.rest, ",") != "done" {
			t.Errorf("status %d, %q\n%s", status, i.rest, i.errors())
		}
		<-stop
	})
}
