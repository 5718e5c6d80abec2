package main_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"supervise/internal/testproc"
)

// TestInitRecorder has the last line of init say who killed the command.
func TestInitRecorder(t *testing.T) {
	t.Parallel()
	needRecorder(t)
	for name, test := range map[string]struct {
		flags []string
		end   func(t *testing.T, init, command int)
		want  string
	}{
		"an operator": {nil, func(t *testing.T, _, command int) { kill(t, command, syscall.SIGKILL) }, "was killed by SIGKILL, from " + me(t)},
		"passed on":   {nil, func(t *testing.T, init, _ int) { kill(t, init, syscall.SIGTERM) }, "was killed by SIGTERM, from pid "},
		"all awaited": {[]string{"--wait-all"}, func(t *testing.T, _, command int) { kill(t, command, syscall.SIGSEGV) }, "was killed by SIGSEGV"},
		"asked again": {[]string{"--on-signal", "HUP=restart"}, func(t *testing.T, init, command int) {
			kill(t, init, syscall.SIGHUP)
			kill(t, awaitRecorded(t, init, command), syscall.SIGKILL)
		}, "was killed by SIGKILL, from " + me(t)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			cmd := exec.Command(entryBuild, append(append([]string{"init", "--recorder"}, test.flags...), "sh", "-c", "ulimit -c 0; exec sleep 1000")...)
			cmd.Stderr = &log
			testproc.Start(t, cmd)
			command := awaitRecorded(t, cmd.Process.Pid, 0)
			test.end(t, cmd.Process.Pid, command)
			_ = cmd.Wait()
			lines := strings.Split(strings.TrimSpace(log.String()), "\n")
			if last := lines[len(lines)-1]; !strings.Contains(last, "exiting: the command "+test.want) {
				t.Errorf("the last line is %s", last)
			}
		})
	}
}

// awaitRecorded waits until the recorder of an init is ready, and returns its command, which is not
// the one before.
func awaitRecorded(t *testing.T, init, before int) (command int) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", init, init))
		children := map[string]int{}
		for _, child := range strings.Fields(string(text)) {
			comm, _ := os.ReadFile("/proc/" + child + "/comm")
			if pid := atoi(t, child); pid != before {
				children[strings.TrimSpace(string(comm))] = pid
			}
		}
		if children["recorder"] != 0 && children["sleep"] != 0 {
			return children["sleep"]
		}
	}
	t.Fatalf("the recorder of pid %d is never ready", init)
	return 0
}
