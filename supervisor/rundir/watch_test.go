package rundir

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"supervise/signals"
)

const patient = 30 * time.Second

// watches are the ways to hear of changes.
var watches = map[string]func(dir *Dir, changed func()) error{
	"watch":  (*Dir).Watch,
	"notify": notified,
}

// notified is told of changes by signals to a thread of its own, which takes them until the end.
func notified(dir *Dir, changed func()) error {
	result := make(chan error)
	go func() {
		runtime.LockOSThread()
		var set unix.Sigset_t
		set.Val[0] = 1 << (unix.SIGIO - 1)
		err := unix.PthreadSigmask(unix.SIG_BLOCK, &set, nil)
		if err == nil {
			err = dir.Notify(unix.Gettid())
		}
		for result <- err; err == nil; {
			var raw signals.RawInfo
			_, _, errno := unix.Syscall6(unix.SYS_RT_SIGTIMEDWAIT, uintptr(unsafe.Pointer(&set)), uintptr(unsafe.Pointer(&raw)), 0, 8, 0, 0)
			if errno == 0 && IsNotice(signals.Decode(&raw)) {
				changed()
			}
		}
	}()
	return <-result
}

// watched opens a directory and returns a channel of changes.
func watched(t *testing.T, path string) (*Dir, <-chan struct{}) {
	t.Helper()
	return watchedBy(t, path, (*Dir).Watch)
}

func watchedBy(t *testing.T, path string, watch func(dir *Dir, changed func()) error) (*Dir, <-chan struct{}) {
	t.Helper()
	dir := open(t, path)
	changes := make(chan struct{}, 100)
	if err := watch(dir, func() { changes <- struct{}{} }); err != nil {
		t.Fatal(err)
	}
	if !dir.InPlace() {
		t.Fatal("it is not there")
	}
	return dir, changes
}

// TestRenew renews a directory after all ways to lose it, each of which is reported. It keeps
// its id, also for the next owner if this one is killed, and keeps others out.
func TestRenew(t *testing.T) {
	for name, lose := range map[string]func(path string) error{
		"removed":           os.RemoveAll,
		"moved":             func(path string) error { return os.Rename(path, path+".away") },
		"moved elsewhere":   func(path string) error { return os.Rename(path, filepath.Join(filepath.Dir(path), "..", "elsewhere")) },
		"exchanged":         exchange,
		"moved from above":  func(path string) error { return os.Rename(filepath.Dir(path), filepath.Dir(path)+".away") },
		"without the lock":  func(path string) error { return os.Remove(filepath.Join(path, lockName)) },
		"another lock file": func(path string) error { return replace(filepath.Join(path, lockName)) },
	} {
		for by, watch := range watches {
			t.Run(name+"/"+by, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "above", "run")
				before, changes := watchedBy(t, path, watch)
				if err := lose(path); err != nil {
					t.Fatal(err)
				}
				for before.InPlace() {
					select {
					case <-changes:
						if by == "notify" {
							before.NotifyAgain()
						}
					case <-time.After(patient):
						t.Fatal("it is there still")
					}
				}
				select {
				case <-changes:
				case <-time.After(patient):
					t.Fatal("not told of")
				}
				after, err := before.Renew()
				if err != nil {
					t.Fatal(err)
				}
				if after != before {
					_ = before.Close()
					t.Cleanup(func() { _ = after.Close() })
				}
				if !after.InPlace() || after.ID() != before.ID() {
					t.Errorf("there: %v, id %s, was %s", after.InPlace(), after.ID(), before.ID())
				}
				var busy *BusyError
				if _, err := Open(path); !errors.As(err, &busy) || busy.PID != os.Getpid() {
					t.Errorf("a second one: %v", err)
				}
				after.release() // as if killed
				if next := open(t, path); next.ID() != before.ID() {
					t.Errorf("the next one has id %s, not %s", next.ID(), before.ID())
				}
			})
		}
	}
}

// exchange has a directory and another one, elsewhere, change places.
func exchange(path string) error {
	other := filepath.Join(filepath.Dir(path), "..", "other")
	if err := os.Mkdir(other, 0o755); err != nil {
		return err
	}
	return unix.Renameat2(unix.AT_FDCWD, other, unix.AT_FDCWD, path, unix.RENAME_EXCHANGE)
}

// replace puts another file in the place of one.
func replace(path string) error {
	other := path + ".other"
	if err := os.WriteFile(other, nil, 0o644); err != nil {
		return err
	}
	return os.Rename(other, path)
}

// TestRenewTaken finds another one in its place.
func TestRenewTaken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run")
	first, _ := watched(t, path)
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
	second := open(t, path)
	var busy *BusyError
	if _, err := first.Renew(); !errors.As(err, &busy) || busy.PID != os.Getpid() || !second.InPlace() {
		t.Errorf("%v; the second is there: %v", err, second.InPlace())
	}
}

// TestRenewImpossible finds something else in its place.
func TestRenewImpossible(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run")
	dir, _ := watched(t, path)
	if err := errors.Join(os.RemoveAll(path), os.WriteFile(path, nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	if next, err := dir.Renew(); err == nil || dir.InPlace() {
		t.Errorf("%v, %v", next, err)
	}
}
