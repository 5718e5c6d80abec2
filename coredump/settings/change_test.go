package settings

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"supervise/coredump"
	"supervise/internal/testproc"
)

func TestMain(m *testing.M) { testproc.Main(m) }

func value(t *testing.T, s Setting) string {
	t.Helper()
	text, err := s.read()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// guarded keeps all settings for one test, and puts them back.
func guarded(t *testing.T, pattern string) {
	t.Helper()
	testproc.CorePattern(t, pattern)
	for _, s := range settings[1:] {
		before := value(t, s)
		t.Cleanup(func() {
			if err := s.write(before); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSetRestore(t *testing.T) {
	guarded(t, "core")
	limit := value(t, PipeLimit)
	file := filepath.Join(t.TempDir(), FileName)
	first := Change{Pattern: "/nowhere/%p", PipeLimit: "7"}
	if err := Set(file, first, false); err != nil {
		t.Fatal(err)
	}
	if err := Set(file, Change{Pattern: "/nowhere/%e"}, false); err != nil {
		t.Fatal("what is ours was refused:", err)
	}
	before, err := Saved(file)
	if err != nil || before[Pattern] != "core" || before[PipeLimit] != limit {
		t.Errorf("saved is %v, %v", before, err)
	}
	if value(t, Pattern) != "/nowhere/%e" || value(t, PipeLimit) != "7" {
		t.Error("not set")
	}
	left, err := Restore(file)
	if err != nil || len(left) != 0 || value(t, Pattern) != "core" || value(t, PipeLimit) != limit {
		t.Errorf("restored with %v, %v to %q", left, err, value(t, Pattern))
	}
	if entries, _ := os.ReadDir(filepath.Dir(file)); len(entries) != 0 {
		t.Errorf("left behind: %v", entries)
	}
	if left, err := Restore(file); err != nil || len(left) != 0 {
		t.Errorf("restored once more: %v, %v", left, err)
	}
}

// TestRestoreForeign: somebody sets the pattern after us.
func TestRestoreForeign(t *testing.T) {
	guarded(t, "core")
	file := filepath.Join(t.TempDir(), FileName)
	if err := Set(file, Change{Pattern: "/nowhere/ours"}, false); err != nil {
		t.Fatal(err)
	}
	if err := Pattern.write("/nowhere/theirs"); err != nil {
		t.Fatal(err)
	}
	var foreign *ForeignError
	if err := Set(file, Change{Pattern: "/nowhere/again"}, false); !errors.As(err, &foreign) {
		t.Errorf("took over a foreign pattern: %v", err)
	}
	left, err := Restore(file)
	if err != nil || left[Pattern] != "/nowhere/theirs" || value(t, Pattern) != "/nowhere/theirs" {
		t.Errorf("restored with %v, %v to %q", left, err, value(t, Pattern))
	}
	if err := Set(file, Change{Pattern: "/nowhere/forced"}, true); err != nil || value(t, Pattern) != "/nowhere/forced" {
		t.Errorf("not forced: %v", err)
	}
	if left, err := Restore(file); err != nil || len(left) != 0 || value(t, Pattern) != "/nowhere/theirs" {
		t.Errorf("restored with %v, %v to %q", left, err, value(t, Pattern))
	}
}

// TestSetFails: one of two settings is refused by the kernel.
func TestSetFails(t *testing.T) {
	guarded(t, "core")
	file := filepath.Join(t.TempDir(), FileName)
	if err := Set(file, Change{Pattern: "/nowhere/x", PipeLimit: "-1"}, false); err == nil {
		t.Error("a limit of -1 was set")
	}
	if _, err := os.Stat(file); value(t, Pattern) != "core" || err == nil {
		t.Errorf("core_pattern is %q, the file: %v", value(t, Pattern), err)
	}
	if err := Set(file, Change{Pattern: "two\nlines"}, false); err == nil {
		t.Error("a pattern of two lines was set")
	}
	if err := Set("/nowhere/at/all", Change{Pattern: "/x"}, false); err == nil || value(t, Pattern) != "core" {
		t.Errorf("set without a file: %v", err)
	}
}

// TestUntrusted: the file decides what root writes into /proc/sys.
func TestUntrusted(t *testing.T) {
	guarded(t, "core")
	dir := t.TempDir()
	file := filepath.Join(dir, FileName)
	for _, text := range []string{`{"kernel.core_pattern":`, `{"kernel.modprobe":{"before":"/x","ours":"/y"}}`, `[]`} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Restore(file); err == nil {
			t.Errorf("took %s", text)
		}
	}
	if err := os.WriteFile(file, []byte(`{"kernel.core_pattern":{"before":"|/tmp/evil","ours":"core"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(file, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(file); err == nil || value(t, Pattern) != "core" {
		t.Errorf("took the file of another user: %v, %q", err, value(t, Pattern))
	}
}

// TestSetTogether has many change the settings at once, each of which can put them back.
func TestSetTogether(t *testing.T) {
	guarded(t, "core")
	file := filepath.Join(t.TempDir(), FileName)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 10 {
				if err := Set(file, Change{Pattern: "/nowhere/%p"}, false); err != nil {
					t.Error(err)
				}
				if _, err := Restore(file); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if got := value(t, Pattern); got != "core" {
		t.Errorf("core_pattern is %q", got)
	}
}

func TestFilter(t *testing.T) {
	cmd := testproc.Command(t, "sleep")
	testproc.Start(t, cmd)
	pid := cmd.Process.Pid
	for _, want := range []coredump.Filter{coredump.All, 0, coredump.Default} {
		if err := WriteFilter(pid, want); err != nil {
			t.Fatal(err)
		}
		if got, err := ReadFilter(pid); err != nil || got != want {
			t.Errorf("filter is %v, %v, want %v", got, err, want)
		}
	}
	if err := SetLimit(pid, 4096); err != nil {
		t.Fatal(err)
	}
	if soft, _, err := Limit(pid); err != nil || soft != 4096 {
		t.Errorf("limit is %d, %v", soft, err)
	}
	if _, err := ReadFilter(2); err == nil && os.Geteuid() == 0 {
		t.Error("a kernel thread has a filter")
	}
}
