package rundir

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// InPlace reports whether the directory and its lock file are still where they were made, so
// that others find them.
func (d *Dir) InPlace() bool {
	return d.same() && sameFile(func() (os.FileInfo, error) { return d.root.Lstat(lockName) }, d.lock.Stat)
}

// same reports whether the path still leads to the directory.
func (d *Dir) same() bool {
	return sameFile(func() (os.FileInfo, error) { return os.Stat(d.Path) }, d.self.Stat)
}

func sameFile(one, other func() (os.FileInfo, error)) bool {
	a, err := one()
	b, err2 := other()
	return err == nil && err2 == nil && os.SameFile(a, b)
}

// Watch calls changed whenever [Dir.InPlace] may have become false, on a goroutine of its
// own, until the directory is closed. It waits in the network poller of the Go runtime and
// costs nothing meanwhile. The error says that inotify(7) is not available.
//
// inotify does not report the removal of a directory that is open. It does report the removal
// of the lock file, and whoever removes the directory removes that first.
func (d *Dir) Watch(changed func()) error {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return os.NewSyscallError("inotify_init1", err)
	}
	d.watch, d.watchFD = os.NewFile(uintptr(fd), "inotify"), fd
	// The runtime does not say when it cannot poll a file; a deadline does.
	if err := d.watch.SetReadDeadline(time.Time{}); err != nil {
		return fmt.Errorf("cannot wait for an inotify descriptor: %w", err)
	}
	if err := d.watchLock(); err != nil {
		return err
	}
	// A parent directory that cannot be read cannot be watched; watch the others.
	for dir := d.Path; ; dir = filepath.Dir(dir) {
		_, _ = unix.InotifyAddWatch(fd, dir, unix.IN_MOVE_SELF|unix.IN_ONLYDIR)
		if dir == filepath.Dir(dir) {
			break
		}
	}
	go read(d.watch, changed)
	return nil
}

func (d *Dir) watchLock() error {
	const mask = unix.IN_ATTRIB | unix.IN_MOVE_SELF | unix.IN_DONT_FOLLOW
	_, err := unix.InotifyAddWatch(d.watchFD, filepath.Join(d.Path, lockName), mask)
	return os.NewSyscallError("inotify_add_watch", err)
}

// read calls changed for every event, whatever it was.
func read(watch *os.File, changed func()) {
	var events [4096]byte
	for {
		if _, err := watch.Read(events[:]); err != nil {
			return
		}
		changed()
	}
}

// Renew makes the directory, or its lock file, again after somebody has removed or moved it.
// If the directory itself is in place, it returns the same Dir, else another one with the
// same [Dir.ID]; the caller then closes the old one. A [BusyError] says who has taken its
// place.
func (d *Dir) Renew() (*Dir, error) {
	if !d.same() {
		return openAs(d.Path, d.id)
	}
	old := d.lock
	d.lock = nil
	err := d.lockFile()
	if err != nil {
		d.lock = old
		return nil, err
	}
	_ = old.Close()
	if err := d.writeLock(); err != nil {
		return nil, err
	}
	if d.watch != nil {
		err = d.watchLock()
	}
	return d, err
}
