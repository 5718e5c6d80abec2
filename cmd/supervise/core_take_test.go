package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestCoreTake takes cores of a service, by its name and by its pid, which goes on.
func TestCoreTake(t *testing.T) {
	eachUser(t, func(t *testing.T, as setup) {
		needPtrace(t)
		s := start(t, entryBuild, "[service.web]\ncommand = [\"sleep\", \"1000\"]\n", as)
		pid := int(s.awaitState(t, "web", "running").PID)
		dir := openDir(t)
		for name, args := range map[string][]string{
			"name": {"web"},
			"pid":  {strconv.Itoa(pid)},
			"mini": {"--mini", "web"},
			"all":  {"--consistent", "web"},
		} {
			path := filepath.Join(dir, name)
			text := s.must(t, append([]string{"core", "take", "--format", "json", "--output", path}, args...)...)
			var taken struct {
				PID     int
				Path    string
				Mini    bool
				Size    int64
				Threads int
				Stopped int64    `json:"stopped_us"`
				LeftOut []string `json:"left_out"`
			}
			if err := json.Unmarshal([]byte(text), &taken); err != nil {
				t.Fatal(err)
			}
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if taken.PID != pid || taken.Path != path || taken.Mini != (name == "mini") || taken.Threads != 1 || taken.Stopped <= 0 ||
				taken.Size != info.Size() || len(taken.LeftOut) > 0 || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %s%v", name, text, info.Mode())
			}
			if bt := s.must(t, "core", "bt", path); !strings.Contains(bt, "nanosleep") {
				t.Errorf("%s: %s", name, bt)
			}
		}
		if out, code := s.run(t, "core", "take", "--output", filepath.Join(dir, "pid"), "web"); code != 1 || !strings.Contains(out, "exists: remove it") {
			t.Error(code, out)
		}
		if now := s.status(t, "web").PID; int(now) != pid {
			t.Errorf("pid %d, was %d", now, pid)
		}
		s.must(t, "stop", "web")
		path := filepath.Join(dir, "none")
		if out, code := s.run(t, "core", "take", "--output", path, "web"); code != 3 || !strings.Contains(out, `service "web" does not run`) {
			t.Error(code, out)
		}
		if out, code := s.run(t, "core", "take", "--output", path, "wbe"); code != 4 || !strings.Contains(out, `did you mean "web"?`) {
			t.Error(code, out)
		}
		if _, err := os.Lstat(path); err == nil {
			t.Error("a file is left where no core was taken")
		}
		s.stop(t, syscall.SIGTERM)
	})
}

// needPtrace skips a test where processes may not trace those that they have not started.
func needPtrace(t *testing.T) {
	t.Helper()
	if scope, err := os.ReadFile("/proc/sys/kernel/yama/ptrace_scope"); err == nil && strings.TrimSpace(string(scope)) != "0" {
		t.Skip("kernel.yama.ptrace_scope is ", string(scope))
	}
}
