package testproc

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func patternNow(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(corePattern)
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

// TestCorePatternKilled kills a test binary that has set the pattern.
func TestCorePatternKilled(t *testing.T) {
	if os.Getenv("SUPERVISE_TEST_KILLED") != "" {
		CorePattern(t, "/nowhere/supervise-killed.%p")
		os.Stdout.WriteString("set\n")
		time.Sleep(Limit)
	}
	if os.Geteuid() != 0 {
		t.Skip("to set core_pattern takes root")
	}
	before := ""
	restore := GuardCorePattern(t)
	before = patternNow(t)
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
	GuardCorePattern(t)() // waits for the other's guard
	if now := patternNow(t); now != before {
		t.Errorf("core_pattern is %q, and was %q", now, before)
	}
}
