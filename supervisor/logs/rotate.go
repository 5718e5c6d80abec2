package logs

import (
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
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
	if err := shift(f.path, f.Keep); err != nil {
		return err
	}
	return f.open()
}

// shift renames path and its rotated files up by one, as far as the first free number; the
// file at the last number is removed.
func shift(path string, keep int) error {
	name := func(i int) string {
		if i == 0 {
			return path
		}
		return path + "." + strconv.Itoa(i)
	}
	last := 1
	for last < keep {
		var st unix.Stat_t
		if absent(unix.Lstat(name(last), &st)) {
			break
		}
		last++
	}
	// Not by the rename: ext4 starts writing a file to disk when it replaces another one
	// (auto_da_alloc, ext4(5)).
	if err := unix.Unlink(name(last)); err != nil && !absent(err) {
		return &os.PathError{Op: "unlink", Path: name(last), Err: err}
	}
	for i := last; i > 0; i-- {
		if err := unix.Rename(name(i-1), name(i)); err != nil && (i == 1 || !absent(err)) {
			return &os.LinkError{Op: "rename", Old: name(i - 1), New: name(i), Err: err}
		}
	}
	return nil
}
