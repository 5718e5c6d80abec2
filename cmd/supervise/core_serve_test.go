package main_test

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"supervise/internal/testproc"
)

// served is a supervise core serve under test.
type served struct {
	*exec.Cmd
	t     *testing.T
	store string
	lines *bufio.Reader
}

// coreLine is one line of its log.
type coreLine struct {
	Level, Message, Way, Core string
	PID                       int
}

func serve(t *testing.T, args ...string) *served {
	t.Helper()
	needRoot(t)
	t.Cleanup(testproc.GuardCorePattern(t))
	dir, err := os.MkdirTemp("", "s") // a short path: the pattern of a pipe has 127 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s := &served{t: t, store: filepath.Join(dir, "cores")}
	args = append([]string{"core", "serve", "--runtime-dir", filepath.Join(dir, "run"), "--directory", s.store, "--log-format", "json"}, args...)
	s.Cmd = exec.Command(entryBuild, args...)
	out, err := s.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.lines = bufio.NewReader(out)
	testproc.Start(t, s.Cmd)
	return s
}

// line waits for a line with a text.
func (s *served) line(want string) coreLine {
	s.t.Helper()
	var all strings.Builder
	for {
		text, err := s.lines.ReadString('\n')
		all.WriteString(text)
		if err != nil {
			s.t.Fatalf("no line says %q: %v\n%s", want, err, all.String())
		}
		var line coreLine
		if json.Unmarshal([]byte(text), &line) == nil && strings.Contains(line.Message, want) {
			return line
		}
	}
}

// stop ends it, and says its exit status.
func (s *served) stop() int {
	_ = s.Process.Signal(syscall.SIGTERM)
	_ = s.Wait()
	return s.ProcessState.ExitCode()
}

func corePattern(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("/proc/sys/kernel/core_pattern")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(string(text), "\n")
}

// TestCoreServe collects a core in each way that core_pattern can be set to.
func TestCoreServe(t *testing.T) {
	config := filepath.Join(t.TempDir(), "core.toml")
	if err := os.WriteFile(config, []byte("[core]\ninstall = true\ncapture = \"mini\"\nmax-use = \"1MB\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		args []string
		way  string
		kept string
	}{
		{"socket", []string{"--install"}, "socket", ", full "},
		{"pipe", []string{"--install", "--collect", "pipe"}, "pipe", ", full "},
		{"from a file", []string{"--config", config}, "socket", "(mini)"},
		{"a file, and flags", []string{"--config", config, "--capture", "full", "--keep-free", "0"}, "socket", ", full "},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, c.args...)
			if line := s.line("collecting cores"); !strings.HasPrefix(line.Way, c.way) {
				t.Skipf("the kernel has not this way: %+v", line)
			}
			installed := corePattern(t)
			cmd := exec.Command("/bin/sh", "-c", "ulimit -c unlimited; kill -SEGV $$")
			testproc.Start(t, cmd)
			line := s.line("crashed: SIGSEGV (SI_USER")
			_ = cmd.Wait()
			if line.PID != cmd.Process.Pid || line.Core == "" || c.kept != "(mini)" && !strings.Contains(line.Message, c.kept) {
				t.Errorf("it says %+v", line)
			}
			if _, err := os.Stat(filepath.Join(s.store, line.Core, "meta.json")); err != nil {
				t.Error(err)
			}
			if status := s.stop(); status != 0 || corePattern(t) == installed {
				t.Errorf("exit status %d, core_pattern %q", status, corePattern(t))
			}
		})
	}
}

// TestCoreServeNot says why no core would come.
func TestCoreServeNot(t *testing.T) {
	testproc.CorePattern(t, "/tmp/core.%p")
	none := filepath.Join(t.TempDir(), "none.toml")
	if err := os.WriteFile(none, []byte("[service.web]\ncommand = [\"true\"]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{nil, 1, "install"},
		{[]string{"--collect", "socket"}, 1, "install"},
		{[]string{"--collect", "files"}, 2, "must be one of"},
		{[]string{"--max-use", "much"}, 2, "max-use"},
		{[]string{"--config", none}, 2, "no table [core]"},
		{[]string{"--config", "/nowhere"}, 1, "cannot read"},
		{[]string{"extra"}, 2, "unexpected argument"},
	} {
		cmd := exec.Command(entryBuild, append([]string{"core", "serve", "--runtime-dir", t.TempDir()}, c.args...)...)
		time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
		out, _ := cmd.CombinedOutput()
		if status := cmd.ProcessState.ExitCode(); status != c.status || !strings.Contains(string(out), c.want) {
			t.Errorf("%q: exit status %d, want %d and %q:\n%s", c.args, status, c.status, c.want, out)
		}
	}
}
