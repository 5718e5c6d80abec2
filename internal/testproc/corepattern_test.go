package testproc

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func patternNow(t *testing.T) string { return settingNow(t, corePattern) }

func settingNow(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(string(text), "\n")
}

func TestCorePattern(t *testing.T) {
	before := ""
	t.Run("set", func(t *testing.T) {
		guarded := GuardCorePattern(t)
		before = patternNow(t)
		guarded()
		CorePattern(t, "/nowhere/supervise-test.%p")
		if now := patternNow(t); now != "/nowhere/supervise-test.%p" {
			t.Errorf("core_pattern is %q", now)
		}
	})
	if now := patternNow(t); before != "" && now != before {
		t.Errorf("core_pattern is %q, and was %q", now, before)
	}
}

// TestCorePatternKilled kills a test binary that has set the pattern, and the limit of pipes as
// a collector does.
func TestCorePatternKilled(t *testing.T) {
	const limit = "/proc/sys/kernel/core_pipe_limit"
	if os.Getenv("SUPERVISE_TEST_KILLED") != "" {
		CorePattern(t, "/nowhere/supervise-killed.%p")
		if err := os.WriteFile(limit, []byte("513"), 0); err != nil {
			t.Error(err)
		}
		os.Stdout.WriteString("set\n")
		time.Sleep(Limit)
	}
	if os.Geteuid() != 0 {
		t.Skip("to set core_pattern takes root")
	}
	restore := GuardCorePattern(t)
	before, limitBefore := patternNow(t), settingNow(t, limit)
	restore()
	cmd := exec.Command("/proc/self/exe", "-test.run=^TestCorePatternKilled$")
	cmd.Env = append(os.Environ(), "SUPERVISE_TEST_KILLED=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 4)); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	restore = GuardCorePattern(t) // waits for the other's guard
	defer restore()
	if now := settingNow(t, limit); now != limitBefore {
		t.Errorf("core_pipe_limit is %s, and was %s", now, limitBefore)
	}
	if now := patternNow(t); now != before {
		t.Errorf("core_pattern is %q, and was %q", now, before)
	}
}
