package conformance

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"supervise/internal/testproc"
)

// TestTidy has init give back the pages of its program that only the start needed, and then
// forward a signal all the same.
func TestTidy(t *testing.T) {
	each(t, own, false, func(t *testing.T, p program) {
		for range 5 { // on a busy machine it may be done before it is looked at for the first time
			cmd := exec.Command(p.file, "--", "sleep", "60")
			testproc.Start(t, cmd)
			tidy := shrinks(t, cmd.Process.Pid, p.file)
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			if _ = cmd.Wait(); cmd.ProcessState.ExitCode() != 128+int(syscall.SIGTERM) {
				t.Errorf("%v", cmd.ProcessState)
			}
			if tidy {
				return
			}
		}
		t.Error("it keeps the pages of its start")
	})
}

// shrinks reports whether less and less of its program's file is in a process's memory. No
// event tells of that.
func shrinks(t *testing.T, pid int, file string) bool {
	t.Helper()
	most := 0
	for deadline := time.Now().Add(2 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		now := resident(t, pid, file)
		if most = max(most, now); now < most*3/4 {
			return true
		}
	}
	return false
}

// resident is how much of a file a process has in memory, and cannot write to, in KiB:
// /proc/PID/smaps.
func resident(t *testing.T, pid int, file string) (kib int) {
	t.Helper()
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/smaps")
	if err != nil {
		t.Fatal(err)
	}
	path, err := filepath.EvalSymlinks(file)
	if err != nil {
		t.Fatal(err)
	}
	counts := false
	for line := range strings.Lines(string(text)) {
		switch f := strings.Fields(line); {
		case len(f) == 6:
			counts = f[5] == path && !strings.Contains(f[1], "w")
		case len(f) == 3 && f[0] == "Rss:" && counts:
			n, err := strconv.Atoi(f[1])
			if err != nil {
				t.Fatal(err)
			}
			kib += n
		}
	}
	return kib
}
