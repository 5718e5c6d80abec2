package main_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"supervise/internal/testproc"
)

// TestReadOnlyRoot starts where nothing can be written: it says what to do about it, and does
// it.
func TestReadOnlyRoot(t *testing.T) {
	t.Parallel()
	if !testproc.Alone(t, testproc.OwnNamespace) {
		return
	}
	file := writeFile(t, t.TempDir()+"/services.toml", "[service.web]\ncommand = \"true\"\n[supervisor]\nexit-with = \"all\"\n")
	if err := unix.Mount("none", "/run", "tmpfs", unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"run", file}, {"run", "--runtime-dir", t.TempDir(), file}} {
		cmd := exec.Command(entryBuild, args...)
		cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
		out, err := cmd.CombinedOutput()
		code := exitCode(t, err)
		refused := code == 1 && strings.Contains(string(out), "/run/supervise: read-only file system; name a directory that can be written, by --runtime-dir")
		if len(args) == 2 && !refused || len(args) > 2 && code != 0 {
			t.Errorf("%q: status %d: %s", args, code, out)
		}
	}
}
