package sys

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestSkim reads files of all lengths, and one while another is looked at.
func TestSkim(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	for _, length := range []int{0, 1, len(sharedScratch.text) - 1, len(sharedScratch.text), len(sharedScratch.text) + 1, 3 * len(sharedScratch.text)} {
		want := strings.Repeat("x", length)
		if err := os.WriteFile(file, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		err := ReadProc(file, func(got string) error {
			if _, err := ReadStat(os.Getpid()); err != nil {
				t.Error(err)
			}
			if got != want {
				t.Errorf("of %d bytes %d are read, or others", length, len(got))
			}
			return syscall.EDOM
		})
		if !errors.Is(err, syscall.EDOM) {
			t.Error(err)
		}
	}
	if err := ReadProc(file+"s", nil); !errors.Is(err, syscall.ENOENT) {
		t.Error(err)
	}
	if err := ReadProc(t.TempDir(), nil); !errors.Is(err, syscall.EISDIR) {
		t.Error(err)
	}
	if sharedScratch.inUse.Load() {
		t.Error("the buffer is not released")
	}
}

// TestStatName keeps a name from one file while others are read.
func TestStatName(t *testing.T) {
	stat, err := ReadStat(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Clone(stat.Name)
	if _, err := ReadSignalState("self"); err != nil || stat.Name != want {
		t.Errorf("%q has become %q, %v", want, stat.Name, err)
	}
}
