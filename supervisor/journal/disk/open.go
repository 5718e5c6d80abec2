package disk

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"

	"supervise/internal/safefile"
)

// openOwn opens a regular file of our own, or of root: not through a link of somebody else,
// nor one in its own place.
func openOwn(path string, flags int) (*os.File, error) {
	dir, err := safefile.OpenDir(filepath.Dir(path), safefile.OurLinks)
	if err != nil {
		return nil, fmt.Errorf("cannot open the journal %s: %w", path, err)
	}
	defer dir.Close()
	fd, err := dir.OpenLog(filepath.Base(path), flags, 0o600)
	if err != nil {
		err = &os.PathError{Op: "open", Path: path, Err: err}
		if errors.Is(err, syscall.ELOOP) {
			return nil, fmt.Errorf("cannot open the journal: %s is a symbolic link: name the file itself", path)
		}
		return nil, fmt.Errorf("cannot open the journal: %w", err)
	}
	f := os.NewFile(uintptr(fd), path)
	var st unix.Stat_t
	switch err = unix.Fstat(int(f.Fd()), &st); {
	case err != nil:
		err = fmt.Errorf("cannot open the journal: fstat %s: %w", path, err)
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		err = fmt.Errorf("cannot open the journal: %s is not a regular file", path)
	case st.Uid != 0 && int(st.Uid) != os.Geteuid():
		err = fmt.Errorf("cannot open the journal: %s belongs to uid %d: remove it, or name another", path, st.Uid)
	default:
		return f, nil
	}
	_ = f.Close()
	return nil, err
}

// openForWriting opens the file, and locks it against a second supervisor.
func openForWriting(path string) (*os.File, error) {
	f, err := openOwn(path, os.O_RDWR|os.O_CREATE|os.O_APPEND)
	if err != nil {
		return nil, err
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	switch {
	case errors.Is(err, unix.EWOULDBLOCK):
		err = fmt.Errorf("cannot open the journal: another supervise writes %s", path)
	case err != nil:
		err = fmt.Errorf("cannot lock the journal: flock %s: %w", path, err)
	default:
		if err = f.Chmod(0o600); err == nil || errors.Is(err, os.ErrPermission) { // it belongs to root, and we are not root
			return f, nil
		}
	}
	_ = f.Close()
	return nil, err
}

// dropTorn cuts off an incomplete last line, and returns its length in bytes: whoever wrote
// it was killed, or the disk was full.
func dropTorn(f *os.File) (size, torn int64, err error) {
	if size, err = f.Seek(0, io.SeekEnd); err != nil {
		return 0, 0, err
	}
	end := size
	for block := make([]byte, 1<<16); end > 0; {
		from := max(0, end-int64(len(block)))
		n, err := f.ReadAt(block[:end-from], from)
		if err != nil && n < int(end-from) {
			return 0, 0, err
		}
		if i := bytes.LastIndexByte(block[:n], '\n'); i >= 0 {
			end = from + int64(i) + 1
			break
		}
		end = from
	}
	if end < size {
		err = f.Truncate(end)
	}
	return end, size - end, err
}
