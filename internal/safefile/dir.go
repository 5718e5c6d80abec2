package safefile

import (
	"errors"
	"io/fs"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Dir is a directory that a rule has allowed: it stays the same one whatever becomes of its
// path.
type Dir struct {
	walk *walk
}

// OpenDir opens a directory.
func OpenDir(path string, rule Rule) (*Dir, error) {
	if w := openUnlinked(path, rule); w != nil {
		return &Dir{w}, nil
	}
	w, err := begin(path, rule)
	if err == nil {
		err = w.toEnd()
	}
	return opened(w, err)
}

// openUnlinked has the kernel walk where only links matter and there are none; nil if it
// cannot.
func openUnlinked(path string, rule Rule) *walk {
	if rule != OurLinks {
		return nil
	}
	how := unix.OpenHow{Flags: beginning | unix.O_DIRECTORY, Resolve: unix.RESOLVE_NO_SYMLINKS}
	fd, err := unix.Openat2(unix.AT_FDCWD, path, &how)
	if err != nil {
		return nil
	}
	w := &walk{rule: rule, path: path, fd: fd, at: filepath.Clean(path)}
	if look(fd, &w.st) != nil {
		w.close()
		return nil
	}
	return w
}

// MakeDir opens a directory, and makes those of its path that are missing, but not what a
// symbolic link leads to.
func MakeDir(path string, perm uint32, rule Rule) (*Dir, error) {
	w, err := begin(path, rule)
	for err == nil && len(w.rest) > 0 {
		err = w.step()
		if !errors.Is(err, unix.ENOENT) || w.within > 0 {
			continue
		}
		at := filepath.Join(w.at, w.rest[0])
		if err = unix.Mkdirat(w.fd, w.rest[0], perm); err != nil && err != unix.EEXIST {
			err = &fs.PathError{Op: "mkdir", Path: at, Err: err}
			break
		}
		err = w.enter(w.fd, w.rest[0], at)
		if err == nil {
			w.next("")
		}
	}
	return opened(w, err)
}

func opened(w *walk, err error) (*Dir, error) {
	if err != nil {
		if w != nil {
			w.close()
		}
		return nil, err
	}
	return &Dir{w}, nil
}

// Close closes it.
func (d *Dir) Close() { d.walk.close() }

// FD is a descriptor of the directory, for calls such as fstatat(2): it is open with O_PATH.
func (d *Dir) FD() int { return d.walk.fd }

// Stat is what the directory was found to be.
func (d *Dir) Stat() unix.Stat_t { return d.walk.st.Stat_t }

// Alone reports whether nobody but us can write in the directory.
func (d *Dir) Alone() bool { return d.walk.st.alone() }

// OpenLog opens a file in the directory to write, and makes it with O_CREAT. A symbolic link
// is not followed (ELOOP), and what others may have put there is refused: see [OurLinks].
func (d *Dir) OpenLog(name string, flags int, perm uint32) (fd int, err error) {
	fd, err = openWith(d.walk.fd, name, flags|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, perm)
	if err != nil {
		return -1, err
	}
	var st stat
	if err = look(fd, &st); err == nil {
		at := filepath.Join(d.walk.at, name)
		err = checkLog(at, at, &d.walk.st, &st)
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// CheckLog says why OpenLog would not open a file that is there, and opens nothing.
func (d *Dir) CheckLog(name string) error {
	fd, err := openAt(d.walk.fd, name, beginning|unix.O_NOFOLLOW)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var st stat
	if err := look(fd, &st); err != nil {
		return err
	}
	if st.is(unix.S_IFLNK) {
		return unix.ELOOP
	}
	at := filepath.Join(d.walk.at, name)
	if err := checkLog(at, at, &d.walk.st, &st); err != nil {
		return err
	}
	return unix.Faccessat(d.walk.fd, name, unix.W_OK, unix.AT_EACCESS)
}

// Lstat is fstatat(2) without following a link.
func (d *Dir) Lstat(name string) (st unix.Stat_t, err error) {
	return st, unix.Fstatat(d.walk.fd, name, &st, unix.AT_SYMLINK_NOFOLLOW)
}

// Rename renames a file within the directory.
func (d *Dir) Rename(from, to string) error {
	return unix.Renameat(d.walk.fd, from, d.walk.fd, to)
}

// Remove removes a file of the directory.
func (d *Dir) Remove(name string) error { return unix.Unlinkat(d.walk.fd, name, 0) }
