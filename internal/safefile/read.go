package safefile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// reading opens what may turn out to be something else than a regular file: a FIFO does not
// wait for its writer, a terminal does not become ours. open(2), fifo(7).
const reading = unix.O_RDONLY | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC

// Read returns what is in a regular file of at most limit bytes. Errors do not name the path,
// which callers do, but the component of it that they are about, if that is another one.
func Read(path string, limit int, rule Rule) (text []byte, err error) {
	if rule == Named {
		text, err = readNamed(path, limit)
	} else {
		text, err = readChecked(path, limit, rule)
	}
	return text, unnamed(path, err)
}

// unnamed takes the path out of an error that says no more than that.
func unnamed(path string, err error) error {
	if e, ok := err.(*fs.PathError); ok && e.Path == path {
		return os.NewSyscallError(e.Op, e.Err)
	}
	return err
}

func readChecked(path string, limit int, rule Rule) ([]byte, error) {
	fd, err := openToRead(path, rule)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	return readAll(fd, path, limit)
}

// readNamed looks at a file before it opens it: to open a device can have an effect.
func readNamed(path string, limit int) ([]byte, error) {
	var st stat
	if err := unix.Stat(path, &st.Stat_t); err != nil {
		return nil, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	if err := Named.checkFile(path, path, nil, &st); err != nil {
		return nil, err
	}
	fd, err := openAt(unix.AT_FDCWD, path, reading)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	return readRegular(fd, path, limit)
}

// openToRead opens the file at the end of a path, behind links that the rule allows.
func openToRead(path string, rule Rule) (fd int, err error) {
	w, err := begin(path, rule)
	if w != nil {
		defer w.close()
	}
	for err == nil {
		if err = w.toParent(); err != nil {
			break
		}
		if len(w.rest) == 0 {
			return -1, errors.New("it is a directory, not a regular file")
		}
		name := w.rest[0]
		at := filepath.Join(w.at, name)
		linked, e := w.follow(name, at)
		if err = e; err == nil && !linked {
			return w.openFile(name, at)
		}
	}
	return -1, err
}

// openFile opens a file that is no link. It is looked at first, and must be the same after
// that.
func (w *walk) openFile(name, at string) (int, error) {
	before, err := openAt(w.fd, name, beginning|unix.O_NOFOLLOW)
	if err != nil {
		return -1, w.failed(at, err)
	}
	defer unix.Close(before)
	var st, now stat
	if err := look(before, &st); err != nil {
		return -1, w.failed(at, err)
	}
	if err := w.rule.checkFile(w.path, at, &w.st, &st); err != nil {
		return -1, err
	}
	fd, err := openAt(w.fd, name, reading|unix.O_NOFOLLOW)
	if err != nil {
		return -1, w.failed(at, err)
	}
	if err = look(fd, &now); err == nil && (now.Dev != st.Dev || now.Ino != st.Ino) {
		err = unix.ESTALE // swapped by somebody who may: the next try finds out what it is
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, w.failed(at, err)
	}
	return fd, nil
}

// readRegular is readAll for a file of which it is not known whether it is regular.
func readRegular(fd int, path string, limit int) ([]byte, error) {
	var st stat
	if err := unix.Fstat(fd, &st.Stat_t); err != nil {
		return nil, &fs.PathError{Op: "fstat", Path: path, Err: err}
	}
	if err := Named.checkFile(path, path, nil, &st); err != nil {
		return nil, err
	}
	return readAll(fd, path, limit)
}

// readAll reads a file up to its end, but no more than limit bytes, and waits for nothing.
func readAll(fd int, path string, limit int) ([]byte, error) {
	var st unix.Stat_t
	_ = unix.Fstat(fd, &st)
	all := make([]byte, 0, min(max(int(st.Size), 511), limit)+1)
	for {
		if len(all) == cap(all) {
			all = append(all, 0)[:len(all)]
		}
		n, err := unix.Read(fd, all[len(all):cap(all)])
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EAGAIN):
			return nil, errors.New("it has no end: more is yet to come")
		case err != nil:
			return nil, &fs.PathError{Op: "read", Path: path, Err: err}
		}
		all = all[:len(all)+n]
		switch {
		case len(all) > limit:
			return nil, fmt.Errorf("it is larger than %s", sizeText(limit))
		case n == 0:
			return all, nil
		}
	}
}

// sizeText is a limit in words: these are round.
func sizeText(limit int) string {
	if limit >= 1<<20 {
		return strconv.Itoa(limit>>20) + " MiB"
	}
	return strconv.Itoa(limit) + " bytes"
}
