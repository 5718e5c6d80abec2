package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"supervise/internal/safefile"
)

// Default is where cores are, unless the configuration has another directory.
const Default = "/var/lib/supervise/cores"

// Store is an open store. Its methods may be called at the same time, and several processes
// may use the same store.
type Store struct {
	dir   dir
	owner uint32 // its uid

	known index
}

// Open opens a store to read, and to remove from if the caller may. It changes nothing. A
// directory of files that systemd-coredump left is one, too.
func Open(path string) (*Store, error) {
	d, err := openPath(path, safefile.OurLinks)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &NoneError{path}
	}
	if err != nil {
		return nil, fmt.Errorf("cannot open the directory of cores %s: %w", path, err)
	}
	var st unix.Stat_t
	if err := unix.Fstat(d.fd(), &st); err != nil {
		d.close()
		return nil, fmt.Errorf("cannot open the directory of cores %s: %w", path, err)
	}
	return &Store{dir: d, owner: st.Uid}, nil
}

// Create opens a store to write to, and makes it first if need be (0700). The directory must
// belong to the caller, and those above it to root or the caller; nobody else may be able to
// write in it; and it must have been empty when it became a store.
//
// It is quick, as a crashed process waits. Whoever collects calls [Store.Recover] first.
func Create(path string) (*Store, error) {
	s, err := create(path)
	if err != nil {
		return nil, fmt.Errorf("cannot keep cores in %s: %w", path, err)
	}
	return s, nil
}

func create(path string) (*Store, error) {
	if !filepath.IsAbs(path) {
		return nil, errors.New("the path must be absolute")
	}
	parents, err := safefile.MakeDir(filepath.Dir(path), 0o755, safefile.OursAlone)
	if err != nil {
		return nil, err
	}
	parents.Close()
	made, err := safefile.MakeDir(path, dirPerm, safefile.OursAlone)
	if err != nil {
		return nil, err
	}
	defer made.Close()
	if st := made.Stat(); int(st.Uid) != os.Geteuid() {
		return nil, fmt.Errorf("it belongs to uid %d, not to uid %d who is to write in it: name another directory, or chown it", st.Uid, os.Geteuid())
	}
	if !made.Alone() {
		return nil, errors.New("others can write in it: name another directory, or chmod go-w it")
	}
	d, err := reopen(made, path)
	if err != nil {
		return nil, err
	}
	s := &Store{dir: d, owner: made.Stat().Uid}
	if err := s.mark(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// openPath opens a directory by its path.
func openPath(path string, rule safefile.Rule) (dir, error) {
	d, err := safefile.OpenDir(path, rule)
	if err != nil {
		return dir{}, err
	}
	defer d.Close()
	return reopen(d, path)
}

// reopen opens for reading what is open with O_PATH.
func reopen(d *safefile.Dir, path string) (dir, error) {
	fd, err := unix.Openat(d.FD(), ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return dir{}, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return dir{os.NewFile(uintptr(fd), path), path}, nil
}

// Close closes the store. Entries that were begun go on.
func (s *Store) Close() { s.dir.close() }

// Path is the directory of the store, as it was opened.
func (s *Store) Path() string { return s.dir.path }

const markText = "This directory is a store of 'supervise core'. Version 1.\n"

// mark makes the directory a store, if it is none yet and has nothing in it.
func (s *Store) mark() error {
	if _, ok := s.dir.stat(storeName); ok {
		return nil
	}
	names, err := s.dir.names()
	if err != nil {
		return err
	}
	names = slices.DeleteFunc(names, func(name string) bool { return name == "lost+found" || name == storeName })
	if len(names) > 0 {
		slices.Sort(names)
		return fmt.Errorf("it has other files in it, such as %q: name a directory that is empty, or does not exist", names[0])
	}
	file, err := s.dir.create(storeName)
	if errors.Is(err, fs.ErrExist) {
		return nil // another collector was quicker
	}
	if err != nil {
		return err
	}
	_, err = file.WriteString(markText)
	return errors.Join(err, file.Close())
}

// isStore reports whether the directory is marked as a store of ours.
func (s *Store) isStore() bool {
	_, ok := s.dir.stat(storeName)
	return ok
}

// How long others may have the lock of the store: removing a core of many gigabytes takes
// seconds on some file systems.
const (
	lockPatience = 10 * time.Second
	lockRetry    = 5 * time.Millisecond
)

// lock lets one process at a time remove something. A process that was killed holds it no more.
func (s *Store) lock() (unlock func(), err error) {
	file, err := s.dir.open(storeName, unix.O_RDWR|unix.O_CREAT, filePerm)
	if err != nil {
		return nil, err
	}
	for began := time.Now(); ; time.Sleep(lockRetry) { // a lock cannot be waited for with a limit
		switch locked, err := tryLock(file); {
		case err != nil:
			_ = file.Close()
			return nil, err
		case locked:
			return func() { _ = file.Close() }, nil
		case time.Since(began) > lockPatience:
			_ = file.Close()
			return nil, fmt.Errorf("another process has held the lock of %s for %v", s.dir.path, lockPatience)
		}
	}
}

// ours reports whether a directory of the store with such a name may be an entry, or a part of
// one: it is a directory of the store's owner.
func (s *Store) ours(name string) bool {
	id := strings.TrimPrefix(strings.TrimPrefix(name, newPrefix), gonePrefix)
	if !validID(id) {
		return false
	}
	st, ok := s.dir.stat(name)
	return ok && st.Mode&unix.S_IFMT == unix.S_IFDIR && st.Uid == s.owner
}
