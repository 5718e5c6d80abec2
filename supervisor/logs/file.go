package logs

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"supervise/internal/safefile"
)

// Config is how the lines of a log file are written.
type Config struct {
	// Stderr is the path of another file for standard error; "" for the same one.
	Stderr string
	Format Format
	Rotation
	Access
}

// Rotation says when and how a log file is rotated. Only regular files are rotated, not FIFOs
// and devices.
type Rotation struct {
	// MaxSize is the largest size of FILE in bytes: it is rotated before a line that would
	// exceed it. A single line that is longer gets a file of its own. 0 never rotates.
	MaxSize int64
	// Keep is how many rotated files, FILE.1 (the newest) to FILE.Keep, are kept. With 0 FILE
	// is truncated instead.
	Keep int
	// Compress makes FILE.N.gz of FILE.N, later on and on a goroutine of low priority.
	Compress bool
	// MaxAge is how long after its last line a rotated file is removed; 0 for never.
	MaxAge time.Duration
}

// Access says who may read a log file. It applies to new files and to those that are opened,
// unless they have several names.
type Access struct {
	Owned    bool // by UID and GID, -1 of which keeps what is
	UID, GID int
	Mode     uint32 // the permission bits, whatever the umask; 0 is 0640 less the umask
}

// file is a log file, which is rotated and may be moved by others.
type file struct {
	path string
	Rotation
	Access
	desc      int
	st        unix.Stat_t // identity: device and inode
	size      int64
	inLine    bool      // the last byte does not end a line
	retrySize int64     // after a failed rotation: the size at which to try the next one
	suspect   bool      // the last write failed, or nobody could read it: reopen before the next
	trouble   error     // beside the writing; see takeError
	goneSince time.Time // when path was found to stand for nothing; zero if it does
	fresh     bool      // it was opened: its directory may be another one
	removed   bool      // with that: the open file has no other name, and what is written would be lost

	rotated bool       // since it was asked last: see outlet.took
	names   sync.Mutex // of the rotated files: held while they are renamed
	archive archive
}

// fileMode is the mode of a new log file, before the umask.
const fileMode = 0o640

// errRemoved says that the file was removed just now: who has done that may make another one.
var errRemoved = errors.New("removed")

// openFile opens or creates the file at path, but not its directory.
func openFile(path string, c Config) (*file, error) {
	f := &file{path: path, Rotation: c.Rotation, Access: c.Access, desc: -1}
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
	fd, made, err := openOrMake(dir, name)
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
	f.desc, f.st, f.size, f.retrySize, f.suspect = fd, st, st.Size, 0, false
	f.inLine = st.Size > 0 && f.regular() && !endsLine(dir, name, &st)
	f.goneSince, f.removed, f.fresh = time.Time{}, false, true
	f.admit(made)
	return nil
}

// openOrMake opens a file, and says whether it was not there.
func openOrMake(dir *safefile.Dir, name string) (fd int, made bool, err error) {
	const flags = unix.O_WRONLY | unix.O_APPEND
	for range 10 { // somebody may make and remove it all the time
		fd, err = dir.OpenLog(name, flags, 0)
		if !errors.Is(err, unix.ENOENT) {
			return fd, false, err
		}
		fd, err = dir.OpenLog(name, flags|unix.O_CREAT|unix.O_EXCL, fileMode)
		if !errors.Is(err, unix.EEXIST) {
			return fd, err == nil, err
		}
	}
	return -1, false, err
}

// endsLine reports whether the last byte of a file ends a line, or cannot be read.
func endsLine(dir *safefile.Dir, name string, st *unix.Stat_t) bool {
	fd, err := dir.OpenLog(name, unix.O_RDONLY, 0)
	if err != nil {
		return true
	}
	defer unix.Close(fd)
	var last [1]byte
	n, err := unix.Pread(fd, last[:], st.Size-1)
	return err != nil || n != 1 || last[0] == '\n'
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

// configure changes the settings of the open file.
func (f *file) configure(c Config) {
	f.names.Lock()
	f.Rotation, f.retrySize = c.Rotation, 0
	f.names.Unlock()
	if f.Access != c.Access {
		f.Access = c.Access
		f.admit(false)
	}
}

// admit gives the open file its owner and mode. One that has other names may be somebody's
// who wants to be given it.
func (f *file) admit(made bool) {
	if !f.regular() || f.st.Nlink > 1 && !made {
		return
	}
	if f.Owned && (f.UID >= 0 && uint32(f.UID) != f.st.Uid || f.GID >= 0 && uint32(f.GID) != f.st.Gid) {
		if err := unix.Fchown(f.desc, f.UID, f.GID); err != nil {
			f.trouble = fmt.Errorf("cannot give log file %q to %d:%d: %w", f.path, f.UID, f.GID, err)
		}
	}
	if f.Mode != 0 && f.st.Mode&0o7777 != f.Mode {
		if err := unix.Fchmod(f.desc, f.Mode); err != nil {
			f.trouble = fmt.Errorf("cannot change log file %q to mode %04o: %w", f.path, f.Mode, err)
		}
	}
	_ = unix.Fstat(f.desc, &f.st)
}

func (f *file) fd() int { return f.desc }

func (f *file) close() {
	if f.desc >= 0 {
		unix.Close(f.desc)
		f.desc = -1
	}
}

func (f *file) midLine() bool { return f.inLine }

func (f *file) regular() bool { return f.st.Mode&unix.S_IFMT == unix.S_IFREG }

// write writes as much of b as fits into the file, and rotates it if nothing does.
func (f *file) write(b []byte) (int, error) {
	if f.removed || f.regular() && !f.suspect && f.unlinked() {
		f.removed = true
		return 0, errRemoved
	}
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
		f.inLine = b[n-1] != '\n'
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
	if f.size > 0 && !f.inLine {
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

// takeError returns what has failed beside the writing, once.
func (f *file) takeError() error {
	err := f.trouble
	f.trouble = nil
	return err
}

// gone is always false: space can become free, and a directory can come back.
func (f *file) gone(error) bool { return false }

// absent reports whether err says that a file does not exist.
func absent(err error) bool { return errors.Is(err, fs.ErrNotExist) }
