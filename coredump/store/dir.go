package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// The rights of what is made.
const (
	dirPerm  = 0o700
	filePerm = 0o600
)

// dir is an open directory. Everything in it is reached through the descriptor, one name at a
// time, and without following links.
type dir struct {
	file *os.File
	path string
}

// openDir opens a directory in another one.
func (d dir) openDir(name string) (dir, error) {
	file, err := d.open(name, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	return dir{file, filepath.Join(d.path, name)}, err
}

// open opens a file, or makes it with O_CREAT. It does not wait for the writer of a FIFO.
func (d dir) open(name string, flags int, perm uint32) (*os.File, error) {
	for {
		fd, err := unix.Openat(d.fd(), name, flags|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, perm)
		if err == nil {
			return os.NewFile(uintptr(fd), filepath.Join(d.path, name)), nil
		}
		if err != unix.EINTR {
			return nil, d.failed("open", name, err)
		}
	}
}

// create makes a file for us alone, in place of nothing.
func (d dir) create(name string) (*os.File, error) {
	return d.open(name, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL, filePerm)
}

// openRegular opens a file to read that is regular, belongs to the owner of the directory, and
// has no other name elsewhere.
func (d dir) openRegular(name string) (*os.File, error) {
	file, err := d.open(name, unix.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	if err := d.checkRegular(name, file); err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

func (d dir) checkRegular(name string, file *os.File) error {
	var st, own unix.Stat_t
	err := unix.Fstat(int(file.Fd()), &st)
	if err == nil {
		err = unix.Fstat(d.fd(), &own)
	}
	switch {
	case err != nil:
		return d.failed("stat", name, err)
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		return fmt.Errorf("%s is no regular file", filepath.Join(d.path, name))
	case st.Nlink > 1:
		return fmt.Errorf("%s has %d names: it may be somebody else's file", filepath.Join(d.path, name), st.Nlink)
	case st.Uid != own.Uid:
		return fmt.Errorf("%s belongs to uid %d, and its directory to uid %d", filepath.Join(d.path, name), st.Uid, own.Uid)
	}
	return nil
}

// read reads a small file.
func (d dir) read(name string, limit int64) ([]byte, error) {
	file, err := d.openRegular(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(text)) > limit {
		err = fmt.Errorf("%s has more than %d bytes", file.Name(), limit)
	}
	return text, err
}

// replace writes a file in place of the one before: all of it or nothing.
func (d dir) replace(name string, text []byte) error {
	part := name + partSuffix
	if err := d.remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file, err := d.create(part)
	if err != nil {
		return err
	}
	if _, err = file.Write(text); err == nil {
		err = copyAccess(d.file, file)
	}
	if e := file.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = d.rename(part, d, name)
	}
	if err != nil {
		_ = d.remove(part)
	}
	return err
}

// mkdir makes a directory for us alone.
func (d dir) mkdir(name string) error {
	return d.failed("mkdir", name, unix.Mkdirat(d.fd(), name, dirPerm))
}

// rename moves what is in the directory.
func (d dir) rename(name string, to dir, as string) error {
	return d.failed("rename", name, unix.Renameat(d.fd(), name, to.fd(), as))
}

// renameNew is rename to a name that nothing has: EEXIST.
func (d dir) renameNew(name, as string) error {
	err := unix.Renameat2(d.fd(), name, d.fd(), as, unix.RENAME_NOREPLACE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) { // NFS and others
		if _, ok := d.stat(as); ok {
			return d.failed("rename", name, unix.EEXIST)
		}
		return d.rename(name, d, as) // which fails for a directory that has something in it
	}
	return d.failed("rename", name, err)
}

// remove removes a file.
func (d dir) remove(name string) error {
	return d.failed("remove", name, unix.Unlinkat(d.fd(), name, 0))
}

// rmdir removes an empty directory.
func (d dir) rmdir(name string) error {
	return d.failed("rmdir", name, unix.Unlinkat(d.fd(), name, unix.AT_REMOVEDIR))
}

// stat looks at what has a name; false if nothing has.
func (d dir) stat(name string) (st unix.Stat_t, ok bool) {
	return st, unix.Fstatat(d.fd(), name, &st, unix.AT_SYMLINK_NOFOLLOW) == nil
}

// names lists the directory.
func (d dir) names() ([]string, error) {
	file, err := d.open(".", unix.O_RDONLY|unix.O_DIRECTORY, 0) // an offset of its own
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return file.Readdirnames(-1)
}

func (d dir) fd() int { return int(d.file.Fd()) }

func (d dir) close() { _ = d.file.Close() }

func (d dir) failed(what, name string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: what, Path: filepath.Join(d.path, name), Err: err}
}

// tryLock locks an open file, unless somebody else has. The lock goes with the last descriptor
// of it, whatever becomes of the process: flock(2).
func tryLock(file *os.File) (bool, error) {
	for {
		err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch err {
		case nil:
			return true, nil
		case unix.EWOULDBLOCK:
			return false, nil
		case unix.EINTR:
			continue
		}
		return false, os.NewSyscallError("flock", err)
	}
}
