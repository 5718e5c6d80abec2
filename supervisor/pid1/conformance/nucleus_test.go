package conformance

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"supervise/internal/sys"
	"supervise/signals"
)

// off is the variable that has the Go runtime start at once.
const off = "SUPERVISE_NUCLEUS=off"

// isOff reports whether all of this suite runs so.
func isOff() bool { return slices.Contains(os.Environ(), off) }

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
	const count = 60
	pid, out := spawn(t, entry, p.file, "--stop-timeout=100s", "--", filepath.Join(bin, "receiver"))
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
		switch got := info(record); {
		case got.Signal == signals.SIGTERM && got.Value == 1000 && int(got.PID) == os.Getpid():
			term++
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
	if threads, _ := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/task"); term != 1 || len(threads) < 2 {
		t.Errorf("%d SIGTERM, %d threads", term, len(threads))
	}
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
