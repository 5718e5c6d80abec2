package logs

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"supervise/internal/safefile"
)

// rotate makes room in the file for b: FILE becomes FILE.1, FILE.1 becomes FILE.2, and so on
// up to FILE.Keep, which is removed. If a step fails, nothing is lost: the file keeps
// growing, and the next attempt comes after another MaxSize bytes.
func (f *file) rotate(b []byte) {
	if err := f.tryRotate(b); err != nil {
		f.retrySize = f.size + f.MaxSize
		f.rotateErr = fmt.Errorf("cannot rotate log file %q: %w", f.path, err)
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
	if err := shift(dir, filepath.Base(f.path), f.Keep); err != nil {
		return err
	}
	return f.openIn(dir)
}

// shift renames a file of a directory and its rotated files up by one, as far as the first
// free number; the file at the last number is removed.
func shift(dir *safefile.Dir, file string, keep int) error {
	name := func(i int) string {
		if i == 0 {
			return file
		}
		return file + "." + strconv.Itoa(i)
	}
	last := 1
	for last < keep {
		if _, err := dir.Lstat(name(last)); absent(err) {
			break
		}
		last++
	}
	// Not by the rename: ext4 starts writing a file to disk when it replaces another one
	// (auto_da_alloc, ext4(5)).
	if err := dir.Remove(name(last)); err != nil && !absent(err) {
		return &os.PathError{Op: "unlink", Path: name(last), Err: err}
	}
	for i := last; i > 0; i-- {
		if err := dir.Rename(name(i-1), name(i)); err != nil && (i == 1 || !absent(err)) {
			return &os.LinkError{Op: "rename", Old: name(i - 1), New: name(i), Err: err}
		}
	}
	return nil
}
