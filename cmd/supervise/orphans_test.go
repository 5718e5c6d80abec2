package main_test

import (
	"bufio"
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

	"supervise/internal/testproc"
)

// TestOrphans has ten thousand children of a child become orphans at once, as zombies: all
// are reaped, and nothing of them stays in memory.
func TestOrphans(t *testing.T) {
	if testing.Short() {
		t.Skip("forks ten thousand processes")
	}
	const (
		n    = "10000"
		few  = "3000"  // the first ones cost what is kept for the next
		most = 1 << 10 // KiB that the memory may grow by
	)
	// What forks so often must be small: not this test binary.
	forker := filepath.Join(openDir(t), "forker")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", forker, "supervise/internal/bench")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}

	busy := false
	t.Run("init", func(t *testing.T) {
		cmd := exec.Command(entryBuild, "init", forker, "role", "orphans")
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		cmd.Stderr = os.Stderr
		testproc.Start(t, cmd)
		lines := bufio.NewScanner(out)
		round := func(request string) {
			if _, err := in.Write([]byte(request + "\n")); err != nil {
				t.Fatal(err)
			}
			if !lines.Scan() {
				t.Fatalf("no answer to %q", request)
			}
		}
		lines.Scan() // ready
		begun := time.Now()
		round("zombies " + few)
		if took := time.Since(begun); took > 5*time.Second {
			busy = true
			t.Skipf("the machine is too busy to fork so much: %s took %v", few, took)
		}
		checkFlat(t, cmd.Process.Pid, most, func() { round("zombies " + n) })
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	})

	t.Run("run", func(t *testing.T) {
		if busy {
			t.Skip("the machine is too busy to fork so much")
		}
		s := start(t, entryBuild, `
[service.forks]
command = ["sh", "-c", '{ echo zombies `+few+`; for i in 1 2 3 4 5; do read x < $DIR/go$i; echo zombies `+n+`; done; } | "$0" role orphans', "`+forker+`"]
log.file = "$DIR/log"
`, func(s *supervised) { s.cmd.Args = slices.Replace(s.cmd.Args, 5, 6, "info") }, func(s *supervised) {
			for i := range mostRounds {
				withFIFO(t, fmt.Sprint("go", i+1))(s)
			}
		})
		// The log tells of orphans once; the program answers when all of its are reaped.
		answers := 1 // and "ready"
		awaitReaped := func() {
			answers++
			for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) { // nothing tells when it is written
				log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
				if strings.Count(string(log), "\n") == answers {
					return
				}
				if time.Now().After(deadline) {
					t.Fatalf("orphans are not reaped: %q", log)
				}
			}
		}
		awaitReaped()
		again := 0
		checkFlat(t, s.cmd.Process.Pid, most, func() {
			again++
			s.release(t, fmt.Sprint("go", again))
			awaitReaped()
		})
		lines := s.stop(t, syscall.SIGTERM)
		if n := count(lines, says("", "reaped processes that services had left behind")); n != 1 {
			t.Errorf("orphans are told of %d times, want once", n)
		}
		last := lines[len(lines)-1]
		if want := atoi(t, few) + (answers-2)*atoi(t, n); last.Message != "supervise exits" || last.Orphans < want {
			t.Errorf("the last line %q does not tell of %d orphans", last.raw, want)
		}
	})
}

// checkFlat fails the test when the memory of a process grows by more than so many KiB each
// time that something is done. Once or twice it may, for what is kept, and because garbage
// is collected only now and then.
func checkFlat(t *testing.T, pid, most int, do func()) {
	t.Helper()
	sizes := []int{memory(t, pid)}
	for range mostRounds {
		do()
		sizes = append(sizes, memory(t, pid))
		if last := sizes[len(sizes)-2:]; last[1] <= last[0]+most {
			return
		}
	}
	t.Errorf("the memory of the process grows each time, in KiB: %v", sizes)
}

const mostRounds = 5

// memory returns the memory of a process in KiB that no file stands behind:
// proc_pid_smaps(5).
func memory(t *testing.T, pid int) int {
	t.Helper()
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/smaps_rollup")
	if err != nil {
		t.Skip("cannot tell how much memory a process has:", err)
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); fields[0] == "Anonymous:" {
			return atoi(t, fields[1])
		}
	}
	t.Fatal("no Anonymous in smaps_rollup")
	return 0
}

func atoi(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
