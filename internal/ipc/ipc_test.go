package ipc

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"supervise/internal/sys"
	"supervise/internal/testproc"
)

func TestMain(m *testing.M) {
	testproc.Role("claim", claim)
	testproc.Main(m)
}

var kinds = map[string]Kind{
	"queue": Queue{Owned: true}, "semaphores": Semaphores(3), "memory": Memory(4096),
}

// root opens a directory until nobody needs it any more.
func root(dir string) *os.Root {
	root, err := os.OpenRoot(dir)
	if err != nil {
		panic(err)
	}
	return root
}

// claim makes an object of a kind for a directory and ends without removing it.
func claim(args []string) int {
	key, err := Key(root(args[1]), 'T')
	if err != nil {
		return 1
	}
	object, err := Claim(kinds[args[0]], key, nil)
	if err != nil || object.Key != key {
		fmt.Fprintln(os.Stderr, object, err)
		return 2
	}
	if len(args) > 2 {
		_ = WriteFile(root(args[1]), "record", struct {
			Owner
			Object Object
		}{Self(), object}, Permission{Mode: 0o600, Group: -1})
	}
	return 0
}

func TestClaim(t *testing.T) {
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			key, err := Key(root(dir), 'T')
			if err != nil {
				t.Fatal(err)
			}
			left := testproc.Command(t, "claim", name, dir)
			if out, err := left.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			object, err := Claim(kind, key, nil)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = object.Remove(kind) })
			if !object.Removed || object.Key != key {
				t.Errorf("what a dead process left: %+v", object)
			}
			// A second directory with the same key, while we are alive.
			other, err := Claim(kind, key, nil)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = other.Remove(kind) })
			if other.Removed || other.Key != sys.IPCPrivate || other.ID == object.ID {
				t.Errorf("what is in use: %+v", other)
			}
			if err := object.Allow(kind, Permission{Mode: 0o640, Group: -1}); err != nil {
				t.Error(err)
			}
			if err := other.Remove(kind); err != nil {
				t.Error(err)
			}
			if err := object.Remove(kind); err != nil {
				t.Error(err)
			}
			if err := object.Remove(kind); err == nil {
				t.Error("removed twice")
			}
		})
	}
}

// TestBury has objects found by the file, whatever has become of their key.
func TestBury(t *testing.T) {
	for name, kind := range kinds {
		dir := t.TempDir()
		left := testproc.Command(t, "claim", name, dir, "record")
		if out, err := left.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		var record struct {
			Owner
			Object Object
		}
		if err := ReadFile(dir, "record", &record); err != nil {
			t.Fatal(err)
		}
		if record.Object.RemoveStale(kind, Self()) {
			t.Error("removed the object of a living process")
		}
		if !record.Object.RemoveStale(kind, record.Owner) {
			t.Errorf("%s: not found by %+v", name, record)
		}
		if record.Object.RemoveStale(kind, record.Owner) {
			t.Errorf("%s: removed twice", name)
		}
	}
}

// TestReadOwn reads what has no business in a runtime directory: it waits for nobody, and reads
// no more than such a file can have.
func TestReadOwn(t *testing.T) {
	dir := t.TempDir()
	name := func(name string) string { return filepath.Join(dir, name) }
	err := errors.Join(
		syscall.Mkfifo(name("FIFO"), 0o600), os.Mkdir(name("directory"), 0o700), os.Symlink("/dev/zero", name("link")),
		os.WriteFile(name("long"), []byte(`"`+strings.Repeat("x", 1<<20)+`"`), 0o600), os.WriteFile(name("short"), []byte(`"x"`), 0o600),
	)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"FIFO", "directory", "link", "long", "missing"} {
		if ReadOwn(root(dir), file, new(string)) == nil {
			t.Errorf("%s is read", file)
		}
	}
	if err := ReadOwn(root(dir), "short", new(string)); err != nil {
		t.Error(err)
	}
}

func TestFile(t *testing.T) {
	dir := t.TempDir()
	if err := WriteFile(root(dir), "x.json", Self(), Permission{Mode: 0o640, Group: -1}); err != nil {
		t.Fatal(err)
	}
	var owner Owner
	if err := ReadFile(dir, "x.json", &owner); err != nil || owner != Self() {
		t.Errorf("%+v, %v", owner, err)
	}
	if err := ReadOwn(root(dir), "x.json", &owner); err != nil || owner != Self() {
		t.Errorf("%+v, %v", owner, err)
	}
	info, err := os.Stat(filepath.Join(dir, "x.json"))
	if err != nil || info.Mode() != fs.FileMode(0o640) {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if err := WriteFile(root(dir), "x.json", func() {}, Permission{Group: -1}); err == nil {
		t.Error("a function has no JSON")
	}
	if names, _ := os.ReadDir(dir); len(names) != 1 {
		t.Errorf("left behind: %v", names)
	}
}
