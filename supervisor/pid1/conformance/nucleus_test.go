package conformance

import (
	"bytes"
	"errors"
	"io"
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
)

// off is the variable that has the Go runtime start at once.
const off = "SUPERVISE_NUCLEUS=off"

// isOff reports whether all of this suite runs so.
func isOff() bool { return slices.Contains(os.Environ(), off) }

// TestWithoutNucleus runs the rest of the suite once more without the nucleus. Containers have
// an environment of their own.
func TestWithoutNucleus(t *testing.T) {
	if isOff() {
		t.Skip("that is what runs")
	}
	cmd := exec.Command(os.Args[0], "-test.short="+strconv.FormatBool(testing.Short()), "-test.skip=^(TestEngine|TestEngineRun|TestContainer|TestOrphans)$")
	cmd.Env = append(os.Environ(), off)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	testproc.Start(t, cmd)
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, out.String())
	}
}

// TestCovered says which inits need no Go runtime while their command runs. It would have more
// threads than one.
func TestCovered(t *testing.T) {
	for name, lines := range map[string]struct{ nucleus, runtime []string }{
		own: {
			nucleus: []string{
				"", "init", "-s", "-g", "-c", "-p HUP", "-e 143:0", "-r TERM:QUIT,HUP:0", "--session", "--foreground", "--stop-timeout=5s", "--drain=1s",
				"--kill-remaining", "--wait-all", "--exit-zero-on-stop", "--exit-by-signal", "--stop-signals=INT", "--log-level=error", "--log-format=json",
			},
			runtime: []string{"-v", "--warn-reaped", "--on-signal=HUP=restart", "--ready-fd=2", "--forward=kill", "--core-limit=0", "--core-filter=all"},
		},
		tini:      {nucleus: []string{"-s", "-sg", "-s -e 143", "-sp SIGTERM"}, runtime: []string{"-svv", "-sw"}},
		dumbInit:  {nucleus: []string{"", "-c", "-r 15:3"}, runtime: []string{"-v"}},
		catatonit: {nucleus: []string{"", "-g"}},
	} {
		each(t, name, false, func(t *testing.T, p program) {
			for _, line := range lines.nucleus {
				hasThreads(t, p, isOff(), line)
			}
			for _, line := range lines.runtime {
				hasThreads(t, p, true, line)
			}
		})
	}
}

func hasThreads(t *testing.T, p program, want bool, line string) {
	t.Helper()
	i := launch(t, nil, append(append([]string{p.file}, strings.Fields(line)...), "--", "sh", "-c", asleep)...)
	i.await(t, "ready")
	threads, _ := os.ReadDir("/proc/" + strconv.Itoa(i.cmd.Process.Pid) + "/task")
	if got := len(threads) > 1; got != want {
		t.Errorf("%s %s: %d threads", p.name, line, len(threads))
	}
	i.send(t, plainly, term)
	i.status(t)
}

// TestHandOver has the runtime start in the middle of a stream of signals: with a stop timeout
// it has to be there for SIGTERM. All arrive, with value and sender: those of a number in order,
// unless it is one of the three that the runtime unblocks in every thread, of which two threads may
// each have one at the same time.
func TestHandOver(t *testing.T) {
	each(t, own, false, func(t *testing.T, p program) {
		entry := newMark()
		t.Cleanup(func() { killMarked(entry) })
		for round := range *rounds / 8 {
			handOver(t, entry, p, round)
		}
	})
}

func handOver(t *testing.T, entry string, p program, round int) {
	t.Helper()
	if threads := streamed(t, entry, round, false, p.file, "--stop-timeout=100s", "--", filepath.Join(bin, "receiver")); threads < 2 {
		t.Errorf("%d threads", threads)
	}
}

// streamed sends a stream of signals to an init whose command is the receiver, with one SIGTERM
// somewhere in it, and looks at all that arrive. If wanted the receiver is stopped while they are
// sent. It returns how many threads init has then.
func streamed(t *testing.T, entry string, round int, stopped bool, argv ...string) int {
	t.Helper()
	const count = 60
	pid, out := spawn(t, entry, argv...)
	defer func() {
		_ = syscall.Kill(pid, syscall.SIGKILL)
		_, _ = syscall.Wait4(pid, nil, 0, nil)
		_ = out.Close()
	}()
	_ = out.SetReadDeadline(time.Now().Add(patience))
	record := make([]byte, recordSize)
	if _, err := io.ReadFull(out, record); err != nil { // it is ready
		t.Fatal(err)
	}
	if stopped {
		children, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/task/" + strconv.Itoa(pid) + "/children")
		receiver, _ := strconv.Atoi(strings.TrimSpace(string(children)))
		if err != nil || receiver < 2 {
			t.Fatalf("the receiver is %q: %v", children, err)
		}
		_ = syscall.Kill(receiver, syscall.SIGSTOP)
		timer := time.AfterFunc(300*time.Millisecond, func() { _ = syscall.Kill(receiver, syscall.SIGCONT) })
		defer timer.Stop()
	}
	const unblocked, alone = signals.SIGRTMIN, signals.SIGRTMIN + 5
	numbers := [...]signals.Signal{unblocked, alone}
	for value := range uint64(count) {
		if value == uint64(round)%count {
			queue(t, pid, signals.SIGTERM, 1000)
		}
		for _, s := range numbers {
			if !queue(t, pid, s, value) {
				t.Fatal("init has ended")
			}
		}
		spin(100 * time.Microsecond)
	}
	next, seen, term := uint64(0), map[uint64]bool{}, 0
	for range len(numbers)*count + 1 {
		if _, err := io.ReadFull(out, record); err != nil {
			t.Fatalf("%d and %d arrived, and %d SIGTERM: %v", next, len(seen), term, err)
		}
		if info(record).Signal == signals.SIGCONT { // ours
			_, _ = io.ReadFull(out, record)
		}
		switch got := info(record); {
		case got.Signal == signals.SIGTERM && (got.Value == 1000 && int(got.PID) == os.Getpid() || stopped):
			term++ // of a full queue the kernel takes a standard signal without its siginfo
		case int(got.PID) != os.Getpid() || got.Value >= count:
			t.Fatalf("%v arrived", got)
		case got.Signal == unblocked && !seen[got.Value]:
			seen[got.Value] = true
		case got.Signal == alone && got.Value == next:
			next++
		default:
			t.Fatalf("%v arrived in the place of %d", got, next)
		}
	}
	if term != 1 {
		t.Errorf("%d SIGTERM", term)
	}
	threads, _ := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/task")
	return len(threads)
}

// TestNoRoomForRuntime has the runtime start in the same stream where its threads or its memory
// have no room any more. The nucleus goes on, and every signal arrives all the same.
func TestNoRoomForRuntime(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs another user")
	}
	if isOff() {
		t.Skip("the runtime is there")
	}
	setpriv, err := exec.LookPath("setpriv")
	if err != nil {
		t.Fatal(err)
	}
	const user = 61_120 // who has no other process
	each(t, own, false, func(t *testing.T, p program) {
		entry := newMark()
		t.Cleanup(func() { killMarked(entry) })
		alone := 0
		for round, limit := range []string{"--nproc=1", "--nproc=2", "--nproc=3", "--nproc=4", "--nproc=5", "--nproc=6", "--nproc=8", "--as=60000000", "--as=600000000", "--nofile=3"} {
			full, pending := round%2 == 0, "10000"
			if full {
				pending = "70"
			}
			threads := streamed(t, entry, round*7, full, setpriv, "--reuid="+strconv.Itoa(user+round), "--regid="+strconv.Itoa(user), "--clear-groups",
				p.file, "--stop-timeout=100s", "--", "sh", "-c", `prlimit --pid $PPID "$0" && prlimit --pid $$ --sigpending="$2" && exec "$1"`, limit, filepath.Join(bin, "receiver"), pending)
			if threads == 1 {
				alone++
			}
			t.Log(limit, threads)
		}
		if alone < 3 {
			t.Errorf("the nucleus has gone on in %d cases", alone)
		}
	})
}

// TestNoRoomEnds has the command end when the nucleus has gone on without the runtime.
func TestNoRoomEnds(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs another user")
	}
	if isOff() {
		t.Skip("the runtime is there")
	}
	const leave = `prlimit --pid $PPID --nproc=1; trap "" TERM; kill -TERM $PPID; sleep 0.3; `
	each(t, own, false, func(t *testing.T, p program) {
		for i, c := range []struct {
			flag, script string
			status       int
		}{
			{"--exit-zero-on-stop", "exit 7", 7},
			{"--kill-remaining=1ms", "sleep 0.1 & exit 7", 7},
			{"--exit-by-signal", "kill -KILL $$", 137},
			{"--wait-all", "(sleep 0.1; exit 3) & exit 7", 7},
		} {
			user := strconv.Itoa(61_140 + i)
			out, err := exec.Command("setpriv", "--reuid="+user, "--regid="+user, "--clear-groups", p.file, "--stop-timeout=100s", c.flag, "--",
				"sh", "-c", leave+c.script).CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != c.status || strings.Count(string(out), "\n") != 2 {
				t.Errorf("%s: %v\n%s", c.flag, err, out)
			}
		}
	})
}

// TestHandOverEnds has the runtime start while orphans end and the command does, with every
// kind of what follows it.
func TestHandOverEnds(t *testing.T) {
	each(t, own, false, func(t *testing.T, p program) {
		entry := newMark()
		timer := time.AfterFunc(patience, func() { killMarked(entry) })
		t.Cleanup(func() { timer.Stop(); killMarked(entry) })
		for round := range *rounds / 8 {
			flags := [...]string{"--wait-all", "--kill-remaining=0", "--stop-timeout=100s", "--exit-by-signal"}
			pid, out := spawn(t, entry, p.file, flags[round%len(flags)], "--", "sh", "-c", "(setsid sh -c 'sleep 0.002' &); (: &); exit 7")
			spin(time.Duration(round) * 100 * time.Microsecond)
			_ = sys.Kill(pid, signals.SIGTERM) // which the command has blocked
			var status syscall.WaitStatus
			if _, err := syscall.Wait4(pid, &status, 0, nil); err != nil || status.ExitStatus() != 7 {
				t.Fatalf("%s: %v, status %#x", flags[round%len(flags)], err, status)
			}
			_ = out.Close()
		}
	})
}
