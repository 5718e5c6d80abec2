package process

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestLookup(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"first/web": 0o644, "second/web": 0o755, "second/only": 0o644, "third/web": 0o755} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, "first/folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(filepath.Join(dir, "second"))
	first, second, third := filepath.Join(dir, "first"), filepath.Join(dir, "second"), filepath.Join(dir, "third")
	tests := []struct {
		name, path string
		havePath   bool
		want       string
		errno      syscall.Errno
	}{
		{"web", second + ":" + third, true, second + "/web", 0},
		{"web", third + ":" + second, true, third + "/web", 0},
		{"web", first + ":" + second, true, second + "/web", 0},
		{"web", "/nonexistent:" + second, true, second + "/web", 0},
		{"web", "", true, "./web", 0},
		{"web", first + ":", true, "./web", 0},
		{"web", ":" + third, true, "./web", 0},
		{"sh", "/nonexistent", false, "/bin/sh", 0},
		{"/nonexistent/web", "", true, "/nonexistent/web", 0},
		{"./web", first, true, "./web", 0},
		{"folder/web", first, true, "folder/web", 0},
		{"", second, true, "", syscall.ENOENT},
		{"web", "/nonexistent", true, "", syscall.ENOENT},
		{"folder", first, true, "", syscall.EACCES},
		{"only", second, true, "", syscall.EACCES},
		{"only", second + ":/nonexistent", true, "", syscall.EACCES},
	}
	for _, test := range tests {
		got, err := Lookup(test.name, test.path, test.havePath)
		var failure *StartError
		errno := syscall.Errno(0)
		if errors.As(err, &failure) {
			errno = failure.Errno
		}
		if got != test.want || errno != test.errno {
			t.Errorf("Lookup(%q, %q, %v) = %q, %v, want %q, %v", test.name, test.path, test.havePath, got, err, test.want, test.errno)
		}
	}
	for name, want := range map[string]string{
		"web": "find web in PATH: no such file or directory",
		"":    "the name of the command is empty: no such file or directory",
	} {
		if _, err := Lookup(name, "/nonexistent", true); err.Error() != want {
			t.Errorf("the error is %v, want %s", err, want)
		}
	}
}
