package rundir

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestObstacle has what stands in the way be named, with the remedy, at the path and above it.
func TestObstacle(t *testing.T) {
	base := t.TempDir()
	in := func(name string) string { return filepath.Join(base, name) }
	if err := errors.Join(
		os.Mkdir(in("real"), 0o755), os.WriteFile(in("file"), nil, 0o644),
		os.Symlink("real", in("good")), os.Symlink("/nonexistent/place", in("dangling")),
		os.Symlink("file", in("to-file")), os.Symlink("loop", in("loop")),
	); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"real":           "",
		"good":           "",
		"good/new/below": "",
		"file":           in("file") + " is not a directory; remove it",
		"file/below":     in("file") + " is not a directory; remove it",
		"dangling":       in("dangling") + " is a symbolic link to /nonexistent/place, which does not exist; make that directory",
		"dangling/below": in("dangling") + " is a symbolic link to /nonexistent/place, which does not exist; make that directory",
		"to-file":        in("to-file") + " is a symbolic link to file, which is not a directory; remove the link",
		"loop":           in("loop") + " is a symbolic link to loop, which leads back to it; remove the link",
	} {
		dir, err := Open(in(name))
		if want == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			_ = dir.Close()
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), in(name)+": ") || !strings.HasSuffix(err.Error(), "supervisor.runtime-dir") {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}
