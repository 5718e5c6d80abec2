package tree

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestChildList reads lists of all lengths again and again from one descriptor.
func TestChildList(t *testing.T) {
	file := filepath.Join(t.TempDir(), "children")
	fd, err := unix.Open(file, unix.O_RDONLY|unix.O_CREAT|unix.O_CLOEXEC, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	l := &childList{fd: fd}
	defer l.close()
	for _, n := range []int{0, 1, 1000, 100, 0, 102400, 1} {
		want := strings.Repeat("4711 ", n)
		if err := os.WriteFile(file, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if got, err := l.read(); err != nil || got != want {
				t.Errorf("%d children: %d bytes, want %d; %v", n, len(got), len(want), err)
			}
		}
		if pids := parsePIDs(want); len(pids) != n {
			t.Errorf("%d children: %d pids", n, len(pids))
		}
	}
}
