package handler

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"supervise/coredump/elfcore"
	"supervise/coredump/mini"
	"supervise/internal/safefile"
	"supervise/signals"
)

// written is a core that the kernel has written into a file, in a directory that may be a
// user's.
type written struct {
	dir  *safefile.Dir
	name string
	file *os.File
	st   unix.Stat_t
	core *elfcore.Core
}

func (w *written) close() {
	_ = w.file.Close()
	w.dir.Close()
}

// openWritten opens a core that belongs to a user, or to root. Of the directories on the way,
// symbolic links are followed only if they are root's; the core itself must be a regular file
// with no other name: whoever may write in the directory cannot have another file taken for it.
func openWritten(path string, uid int) (*written, error) {
	dir, err := safefile.OpenDir(filepath.Dir(path), safefile.OurLinks)
	if err != nil {
		return nil, fmt.Errorf("cannot open the directory of %s: %w", path, err)
	}
	w := &written{dir: dir, name: filepath.Base(path)}
	how := unix.OpenHow{
		Flags:   unix.O_RDONLY | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC | unix.O_NOFOLLOW,
		Resolve: unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_BENEATH,
	}
	fd, err := unix.Openat2(dir.FD(), w.name, &how)
	if err != nil {
		dir.Close()
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	w.file = os.NewFile(uintptr(fd), path)
	if err = unix.Fstat(fd, &w.st); err == nil {
		err = w.check(uid)
	}
	if err != nil {
		w.close()
		return nil, fmt.Errorf("%s is not taken for the core: %w", path, err)
	}
	return w, nil
}

func (w *written) check(uid int) error {
	switch {
	case w.st.Mode&unix.S_IFMT != unix.S_IFREG:
		return errors.New("it is no regular file")
	case w.st.Nlink != 1:
		return fmt.Errorf("it has %d names", w.st.Nlink)
	case w.st.Uid != 0 && int(w.st.Uid) != uid:
		return fmt.Errorf("it belongs to uid %d, and the process to uid %d", w.st.Uid, uid)
	}
	return nil
}

// remove removes the file, unless another has taken its place.
func (w *written) remove() error {
	now, err := w.dir.Lstat(w.name)
	if err != nil || now.Ino != w.st.Ino || now.Dev != w.st.Dev {
		return err
	}
	return w.dir.Remove(w.name)
}

// takeFile reads the head of a core in a file, and makes the small one of it.
func (j *job) takeFile() error {
	w, err := openWritten(j.order.File, j.order.UID)
	if err != nil {
		return err
	}
	j.written = w
	if w.core, err = elfcore.Open(w.file, w.st.Size); err != nil {
		return fmt.Errorf("%s: %w", j.order.File, err)
	}
	n := &w.core.Notes
	if n.Process.PID != j.order.PID {
		return fmt.Errorf("%s is the core of pid %d", j.order.File, n.Process.PID)
	}
	j.head = &w.core.Head
	j.report.UID, j.report.GID = n.Process.UID, n.Process.GID
	j.report.Signal = signals.Signal(n.Siginfo.Signal).String()
	j.private = j.private || w.private()
	return j.copy(mini.Reader(w.core))
}

// Keys of the auxiliary vector: getauxval(3).
const (
	auxUID    = 11
	auxEUID   = 12
	auxGID    = 13
	auxEGID   = 14
	auxSecure = 23
)

// private reports whether the core may be more than its user could have read of the process.
func (w *written) private() bool {
	n := &w.core.Notes
	secure, known := n.Auxv[auxSecure]
	return !known || secure != 0 || n.Auxv[auxUID] != n.Auxv[auxEUID] || n.Auxv[auxGID] != n.Auxv[auxEGID] ||
		int(w.st.Uid) != n.Process.UID
}

// fullFile copies the core into the store, and removes the file.
func (j *job) fullFile() {
	f, err := j.entry.Full(j.head.Expected())
	if err != nil {
		j.report.Problems = append(j.report.Problems, err.Error())
		return
	}
	if _, err = j.written.file.Seek(0, 0); err == nil {
		_, err = f.ReadFrom(j.written.file)
	}
	if f.Close() != nil || err != nil {
		return // the file stays, as it may be more than what was kept
	}
	if err := j.written.remove(); err != nil {
		j.report.Problems = append(j.report.Problems, "cannot remove "+j.order.File+": "+err.Error())
	}
}
