package logs

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"supervise/internal/safefile"
)

// rotate makes room in the file for b: FILE becomes FILE.1, FILE.1 becomes FILE.2, and so on
// up to FILE.Keep, which is removed. If a step fails, nothing is lost: the file keeps
// growing, and the next attempt comes after another MaxSize bytes.
func (f *file) rotate(b []byte) {
	if err := f.tryRotate(b); err != nil {
		f.retrySize = f.size + f.MaxSize
		f.trouble = fmt.Errorf("cannot rotate log file %q: %w", f.path, err)
	}
}

func (f *file) tryRotate(b []byte) error {
	var st unix.Stat_t
	if err := unix.Fstat(f.desc, &st); err != nil {
		return os.NewSyscallError("fstat", err)
	}
	if f.size = st.Size; f.fit(b) > 0 {
		return nil // somebody has truncated it: logrotate's copytruncate
	}
	if !f.current() {
		return f.open() // somebody has moved it away
	}
	if f.Keep <= 0 {
		if err := unix.Ftruncate(f.desc, 0); err != nil {
			return os.NewSyscallError("ftruncate", err)
		}
		f.size, f.retrySize = 0, 0
		return nil
	}
	dir, err := f.directory()
	if err != nil {
		return err
	}
	defer dir.Close()
	if now, err := dir.Lstat(filepath.Base(f.path)); err != nil || now.Dev != st.Dev || now.Ino != st.Ino {
		return f.openIn(dir) // its directory was moved away just now
	}
	f.names.Lock()
	err = shift(dir, f.name(), f.Keep)
	f.names.Unlock()
	if err != nil {
		return err
	}
	if err = f.openIn(dir); err == nil {
		f.fresh, f.rotated = false, true
	}
	return err
}

// rotatedName is the name of a rotated file; with 0 that of the file itself.
func rotatedName(file string, i int) string {
	if i == 0 {
		return file
	}
	return file + "." + strconv.Itoa(i)
}

// lstatRotated is lstat of a rotated file, compressed or not.
func lstatRotated(dir *safefile.Dir, name string) (unix.Stat_t, error) {
	st, err := dir.Lstat(name)
	if absent(err) {
		st, err = dir.Lstat(name + compressed)
	}
	return st, err
}

// removeRotated removes a rotated file, compressed or not.
func removeRotated(dir *safefile.Dir, name string) error {
	for _, name := range [...]string{name, name + compressed} {
		held, _ := unix.Openat(dir.FD(), name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		err := dir.Remove(name)
		release(held)
		if err != nil && !absent(err) {
			return &os.PathError{Op: "unlink", Path: name, Err: err}
		}
	}
	return nil
}

// releasing says that a removed file is being released by another goroutine, of which there is
// no more than one, as it may hang in the file system.
var releasing atomic.Bool

// releaseAside is from which size, in bytes, a removed file is released by another goroutine.
const releaseAside = 1 << 20

// release closes the descriptor of a file that was removed, which frees its blocks and what of
// it is in memory: that takes a tenth of the time of writing it, and no line has to wait for it.
func release(fd int) {
	var st unix.Stat_t
	switch {
	case fd < 0:
	case unix.Fstat(fd, &st) == nil && st.Size >= releaseAside && !releasing.Swap(true):
		go func() {
			unix.Close(fd)
			releasing.Store(false)
		}()
	default:
		unix.Close(fd)
	}
}

// lastRotated is the number before the first free one, at most keep.
func lastRotated(dir *safefile.Dir, file string, keep int) int {
	for i := range keep {
		if _, err := lstatRotated(dir, rotatedName(file, i+1)); absent(err) {
			return i
		}
	}
	return keep
}

// shift renames a file of a directory and its rotated files up by one, as far as the first
// free number; the file at the last number is removed.
func shift(dir *safefile.Dir, file string, keep int) error {
	last := min(lastRotated(dir, file, keep)+1, keep)
	// Not by the rename: ext4 starts writing a file to disk when it replaces another one
	// (auto_da_alloc, ext4(5)).
	if err := removeRotated(dir, rotatedName(file, last)); err != nil {
		return err
	}
	for i := last; i > 0; i-- {
		from, to := rotatedName(file, i-1), rotatedName(file, i)
		if err := dir.Rename(from, to); err != nil && (i == 1 || !absent(err)) {
			return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
		}
		if i == 1 {
			break
		}
		if err := dir.Rename(from+compressed, to+compressed); err != nil && !absent(err) {
			return &os.LinkError{Op: "rename", Old: from + compressed, New: to + compressed, Err: err}
		}
	}
	return nil
}
