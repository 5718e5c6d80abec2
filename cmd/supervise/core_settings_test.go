package main_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"supervise/coredump/settings"
	"supervise/internal/testproc"
)

const coreServices = `
[service.web]
command = ["sleep", "1000"]
core = { limit = "unlimited" }

[service.off]
command = ["sleep", "1000"]
startup = "disabled"
`

// TestCoreFilter changes the core filter of a service that runs.
func TestCoreFilter(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, as setup) {
		s := start(t, entryBuild, coreServices, as)
		pid := s.awaitState(t, "web", "running").PID
		if out := s.must(t, "core", "filter", "web"); !strings.Contains(out, "0x33 private-anonymous") {
			t.Error(out)
		}
		s.must(t, "core", "filter", "web", "default", "private-file-backed")
		if filter, err := settings.ReadFilter(pid); err != nil || filter != 0x37 {
			t.Errorf("the filter is %v, %v", filter, err)
		}
		if out := s.must(t, "core", "filter", strconv.Itoa(pid), "0x0", "--format", "json"); !strings.Contains(out, `"kinds": []`) {
			t.Error(out)
		}
		for args, want := range map[string]int{"off": 3, "nope": 4, "web elf-header": 2, "web 33": 2, "0": 2, "": 2, "99999999": 1} {
			if out, code := s.run(t, append([]string{"core", "filter"}, strings.Fields(args)...)...); code != want {
				t.Errorf("filter %s: status %d, want %d: %s", args, code, want, out)
			}
		}
		s.checkCore(t, pid)
		s.stop(t, 15)
	})
}

// checkCore asks of a service without any of its memory in the core.
func (s *supervised) checkCore(t *testing.T, pid int) {
	t.Helper()
	out, code := s.run(t, "core", "check", "web", "--format", "json")
	var v settings.Verdict
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	poor := false
	for _, r := range v.Reasons {
		poor = poor || r.ID == "filter-no-stacks"
	}
	if v.PID != pid || !poor || v.Complete || v.Core != (code == 0) || code > 1 {
		t.Errorf("status %d: %s", code, out)
	}
	out, code = s.run(t, "core", "check", "web")
	if !strings.HasPrefix(out, "pid "+strconv.Itoa(pid)+" (sleep): there will be ") || !strings.Contains(out, "no stack, no heap") {
		t.Errorf("status %d: %s", code, out)
	}
	for name, want := range map[string]int{"off": 3, "nope": 4} {
		if out, code := s.run(t, "core", "check", name); code != want {
			t.Errorf("check %s: status %d, want %d: %s", name, code, want, out)
		}
	}
}

// TestCorePattern sets core_pattern, refuses to take over somebody else's, and puts it back.
func TestCorePattern(t *testing.T) {
	testproc.CorePattern(t, "core")
	dir := filepath.Join(t.TempDir(), "runtime")
	command := func(want int, says string, args ...string) {
		t.Helper()
		cmd := exec.Command(entryBuild, append([]string{"core", "pattern", "--runtime-dir", dir}, args...)...)
		out, err := cmd.CombinedOutput()
		if code := exitCode(t, err); code != want || !strings.Contains(string(out), says) {
			t.Errorf("%q: status %d, want %d: %s", args, code, want, out)
		}
	}
	pattern := func(want string) {
		t.Helper()
		text, err := os.ReadFile("/proc/sys/kernel/core_pattern")
		if err != nil || string(text) != want+"\n" {
			t.Errorf("core_pattern is %q, %v, want %q", text, err, want)
		}
	}
	command(0, "kind                 file", "show")
	command(2, "longer than 127 bytes", "set", strings.Repeat("x", 128))
	command(2, "unknown command", "get")
	command(0, "warning: the kernel knows no %z", "set", "/nowhere/%z.%p")
	pattern("/nowhere/%z.%p")
	command(0, `saved: kernel.core_pattern was "core"`, "show")
	command(0, "warning: the program /nowhere/x of core_pattern is not there", "set", "|/nowhere/x %P")
	command(0, `"kind": "pipe"`, "show", "--format", "json")
	command(0, "", "restore")
	pattern("core")
	if err := os.WriteFile("/proc/sys/kernel/core_pattern", []byte("/theirs/%p"), 0); err != nil {
		t.Fatal(err)
	}
	command(1, `core_pattern is "/theirs/%p", which somebody else has set`, "set", "/ours")
	pattern("/theirs/%p")
	command(0, "", "set", "--force", "/ours")
	if err := os.WriteFile("/proc/sys/kernel/core_pattern", []byte("/theirs/again"), 0); err != nil {
		t.Fatal(err)
	}
	command(0, "it is left as it is", "restore")
	pattern("/theirs/again")
}
