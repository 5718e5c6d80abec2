package safefile

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// maxLinks is how many symbolic links are followed: MAXSYMLINKS in linux/namei.h.
const maxLinks = 40

// walk is on its way along a path.
type walk struct {
	rule   Rule
	path   string // as it was given
	fd     int    // the directory that it has come to: O_PATH
	at     string // its path
	st     stat
	rest   []string // what is still to come
	within int      // how many of the first of rest are of the targets of links
	links  int
}

const beginning = unix.O_PATH | unix.O_CLOEXEC

// begin opens where a path begins.
func begin(path string, rule Rule) (*walk, error) {
	if path == "" || strings.ContainsRune(path, 0) {
		return nil, &fs.PathError{Op: "open", Path: path, Err: unix.ENOENT}
	}
	w := &walk{rule: rule, path: path, fd: -1}
	w.rest = components(path)
	if path[0] == '/' {
		return w, w.enter(unix.AT_FDCWD, "/", "/")
	}
	return w, w.enter(unix.AT_FDCWD, ".", ".")
}

// components are the names of a path.
func components(path string) (names []string) {
	for name := range strings.SplitSeq(path, "/") {
		if name != "" && name != "." {
			names = append(names, name)
		}
	}
	return names
}

// next takes the next name away, and puts the target of a link in its place.
func (w *walk) next(target string) {
	names := components(target)
	w.rest = append(names, w.rest[1:]...)
	w.within = len(names) + max(w.within-1, 0)
}

// enter goes to a directory; ENOTDIR if it is something else, and if it is a link.
func (w *walk) enter(from int, name, at string) error {
	fd, err := openAt(from, name, beginning|unix.O_DIRECTORY|unix.O_NOFOLLOW)
	if err != nil {
		return w.failed(at, err)
	}
	w.close()
	w.fd, w.at = fd, at
	if err := look(fd, &w.st); err != nil {
		return w.failed(at, err)
	}
	return w.rule.checkDir(w.path, at, &w.st)
}

func (w *walk) failed(at string, err error) error {
	return &fs.PathError{Op: "open", Path: at, Err: err}
}

func (w *walk) close() {
	if w.fd >= 0 {
		_ = unix.Close(w.fd)
		w.fd = -1
	}
}

// step goes on by one component, if it is a directory or a link to follow.
func (w *walk) step() error {
	name := w.rest[0]
	at := filepath.Join(w.at, name)
	if name == ".." && w.rule == OurLinks && w.st.moves() {
		// Who owns a directory can move it, and with it what is above.
		return refuse(w.path, w.at, "name the path without ..", "it leads by .. out of the directory %s, which belongs to uid %d", w.at, w.st.Uid)
	}
	err := w.enter(w.fd, name, at)
	if errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) {
		linked, e := w.follow(name, at)
		if linked || e != nil {
			return e
		}
	}
	if err == nil {
		w.next("")
	}
	return err
}

// follow puts the target of a link in its place; false if the name is no link.
func (w *walk) follow(name, at string) (linked bool, err error) {
	fd, err := openAt(w.fd, name, beginning|unix.O_NOFOLLOW)
	if err != nil {
		return false, w.failed(at, err)
	}
	defer unix.Close(fd)
	var st stat
	if err := look(fd, &st); err != nil {
		return false, w.failed(at, err)
	}
	if !st.is(unix.S_IFLNK) {
		return false, nil
	}
	if err := w.rule.checkLink(w.path, at, &w.st, &st); err != nil {
		return true, err
	}
	if w.links++; w.links > maxLinks {
		return true, w.failed(w.path, unix.ELOOP)
	}
	target, err := readLink(fd)
	if err != nil {
		return true, w.failed(at, err)
	}
	w.next(target)
	if target[0] == '/' {
		return true, w.enter(unix.AT_FDCWD, "/", "/")
	}
	return true, nil
}

// readLink reads the link that is open: readlinkat(2) with an empty path.
func readLink(fd int) (string, error) {
	var target [unix.PathMax]byte
	n, err := unix.Readlinkat(fd, "", target[:])
	if err == nil && (n == 0 || n == len(target)) {
		err = unix.ENAMETOOLONG
	}
	return string(target[:max(n, 0)]), err
}

// toParent goes as far as the directory of the last component, whose name stays in rest;
// none stays if the path is that of a directory at the end of which there is no name.
func (w *walk) toParent() error {
	for len(w.rest) > 1 || len(w.rest) == 1 && w.rest[0] == ".." {
		if err := w.step(); err != nil {
			return err
		}
	}
	return nil
}

// toEnd goes the whole way, to a directory.
func (w *walk) toEnd() error {
	for len(w.rest) > 0 {
		if err := w.step(); err != nil {
			return err
		}
	}
	return nil
}

func openAt(dir int, name string, flags int) (fd int, err error) {
	return openWith(dir, name, flags, 0)
}

func openWith(dir int, name string, flags int, perm uint32) (fd int, err error) {
	for {
		fd, err = unix.Openat(dir, name, flags, perm)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

// look finds out about an open file.
func look(fd int, st *stat) error {
	if err := unix.Fstat(fd, &st.Stat_t); err != nil {
		return err
	}
	st.readOnly = false
	if st.Mode&0o022 != 0 && !st.is(unix.S_IFLNK) { // else it makes no difference
		var mount unix.Statfs_t
		st.readOnly = unix.Fstatfs(fd, &mount) == nil && mount.Flags&unix.ST_RDONLY != 0
	}
	return nil
}
