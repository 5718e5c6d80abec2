package logs

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"supervise/internal/safefile"
)

// Rotation says when and how a log file is rotated. Only regular files are rotated, not FIFOs
// and devices.
type Rotation struct {
	// MaxSize is the largest size of FILE in bytes: it is rotated before a line that would
	// exceed it. A single line that is longer gets a file of its own. 0 never rotates.
	MaxSize int64
	// Keep is how many rotated files, FILE.1 (the newest) to FILE.Keep, are kept. With 0 FILE
	// is truncated instead.
	Keep int
}

// file is a log file, which is rotated and may be moved by others.
type file struct {
	path string
	Rotation
	desc      int
	st        unix.Stat_t // identity: device and inode
	size      int64
	midLine   bool  // the last byte written does not end a line
	retrySize int64 // after a failed rotation: the size at which to try the next one
	suspect   bool  // the last write failed: reopen before the next
	rotateErr error // of the last rotation; see takeError
}

// fileMode is the mode of a new log file, before the umask.
const fileMode = 0o640

// openFile opens or creates the file at path, but not its directory.
func openFile(path string, r Rotation) (*file, error) {
	f := &file{path: path, Rotation: r, desc: -1}
	if err := f.open(); err != nil {
		return nil, fmt.Errorf("cannot open log file %q: %w", path, err)
	}
	return f, nil
}

// open opens path and, if that succeeds, replaces the open file.
func (f *file) open() error {
	dir, err := f.directory()
	if err != nil {
		return err
	}
	defer dir.Close()
	return f.openIn(dir)
}

// directory opens the directory of path: a service's user must not lead a supervisor that is
// root to somebody else's.
func (f *file) directory() (*safefile.Dir, error) {
	dir, err := safefile.OpenDir(filepath.Dir(f.path), safefile.OurLinks)
	if errors.Is(err, unix.ENOENT) {
		err = explain(f.path, unix.ENOENT)
	}
	return dir, err
}

// openIn is open in the directory of path. A symbolic link is refused there.
func (f *file) openIn(dir *safefile.Dir) error {
	name := filepath.Base(f.path)
	fd, err := dir.OpenLog(name, unix.O_WRONLY|unix.O_APPEND|unix.O_CREAT, fileMode)
	if errors.Is(err, unix.ENXIO) {
		fd, err = openFIFO(dir, name) // no reader yet
	}
	if err != nil {
		return explain(f.path, err)
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		unix.Close(fd)
		return os.NewSyscallError("fstat", err)
	}
	if st.Mode&unix.S_IFMT == unix.S_IFIFO {
		// With our own reading end the FIFO outlives its readers and keeps its contents for
		// the next one.
		if both, err := openFIFO(dir, name); err == nil {
			unix.Close(fd)
			fd = both
			_ = unix.Fstat(fd, &st)
		}
	}
	f.close()
	f.desc, f.st, f.size, f.midLine, f.retrySize, f.suspect = fd, st, st.Size, false, 0, false
	return nil
}

// openFIFO opens a FIFO whether or not it has a reader: with O_RDWR. fifo(7).
func openFIFO(dir *safefile.Dir, name string) (int, error) {
	fd, err := dir.OpenLog(name, unix.O_RDWR, 0)
	if err != nil {
		return -1, err
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFIFO {
		unix.Close(fd)
		return -1, unix.ENXIO
	}
	return fd, nil
}

// explain adds to a failed open what its error number does not say.
func explain(path string, err error) error {
	switch {
	case errors.Is(err, unix.ELOOP):
		return fmt.Errorf("open: it is a symbolic link, which is not followed: %w", err)
	case errors.Is(err, unix.ENOENT):
		return fmt.Errorf("open: the directory %q does not exist: %w", filepath.Dir(path), err)
	}
	var refused *safefile.RefusedError
	if errors.As(err, &refused) {
		return err
	}
	return os.NewSyscallError("open", err)
}

func (f *file) fd() int { return f.desc }

func (f *file) close() {
	if f.desc >= 0 {
		unix.Close(f.desc)
		f.desc = -1
	}
}

func (f *file) regular() bool { return f.st.Mode&unix.S_IFMT == unix.S_IFREG }

// write writes as much of b as fits into the file, and rotates it if nothing does.
func (f *file) write(b []byte) (int, error) {
	if f.suspect {
		if err := f.open(); err != nil {
			return 0, err
		}
	}
	n := f.fit(b)
	if n == 0 {
		f.rotate(b)
		if n = f.fit(b); n == 0 {
			n = firstLine(b)
		}
	}
	n, err := unix.Write(f.desc, b[:n])
	if n > 0 {
		f.size += int64(n)
		f.midLine = b[n-1] != '\n'
	}
	f.suspect = err != nil && !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EINTR) && !temporary(err)
	return n, os.NewSyscallError("write", err)
}

// fit returns how many bytes of b fit into the file; 0 asks for a rotation.
func (f *file) fit(b []byte) int {
	if f.MaxSize <= 0 || !f.regular() {
		return len(b)
	}
	room := max(f.MaxSize, f.retrySize) - f.size
	if room >= int64(len(b)) {
		return len(b)
	}
	if room > 0 {
		if i := bytes.LastIndexByte(b[:room], '\n'); i >= 0 {
			return i + 1
		}
	}
	if f.size > 0 && !f.midLine {
		return 0
	}
	// The rest of a line that was begun, or a line larger than a whole file.
	return firstLine(b)
}

func firstLine(b []byte) int {
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		return i + 1
	}
	return len(b)
}

// takeError returns why the last rotation failed, once.
func (f *file) takeError() error {
	err := f.rotateErr
	f.rotateErr = nil
	return err
}

// gone is always false: space can become free, and a directory can come back.
func (f *file) gone(error) bool { return false }

// reopen opens path if it no longer stands for the open file.
func (f *file) reopen() error {
	if f.current() {
		return nil
	}
	if err := f.open(); err != nil {
		return fmt.Errorf("cannot reopen log file %q: %w", f.path, err)
	}
	return nil
}

// current reports whether path still stands for the open file.
func (f *file) current() bool {
	var st unix.Stat_t
	return f.desc >= 0 && unix.Lstat(f.path, &st) == nil && st.Dev == f.st.Dev && st.Ino == f.st.Ino
}

// absent reports whether err says that a file does not exist.
func absent(err error) bool { return errors.Is(err, fs.ErrNotExist) }
