package ipc

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"supervise/internal/sys"
)

// Key makes a key from an open directory and a letter: ftok(3). The error is that of
// fstat(2).
func Key(dir *os.Root, letter byte) (int32, error) {
	info, err := dir.Stat(".")
	if err != nil {
		return 0, err
	}
	return sys.Ftok(info.Sys().(*syscall.Stat_t), letter), nil
}

// WriteFile writes value as JSON, on one line, into a file of a directory. It replaces the
// file atomically: readers see the old one or the new one. Mode and group are set before it
// gets its name. The directory must belong to the caller alone.
func WriteFile(dir *os.Root, name string, value any, perm Permission) (err error) {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	draft := "." + name + ".new"
	_ = dir.Remove(draft) // left by a process that was killed
	file, err := dir.OpenFile(draft, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = dir.Remove(draft)
		}
	}()
	_, err = file.Write(append(text, '\n'))
	if perm.Group >= 0 {
		err = errors.Join(err, file.Chown(-1, perm.Group))
	}
	err = errors.Join(err, file.Chmod(fs.FileMode(perm.Mode)), file.Close())
	if err != nil {
		return err
	}
	return dir.Rename(draft, name)
}

// ReadFile reads such a file into value, by the path of the directory, which may be somebody
// else's.
func ReadFile(dir, name string, value any) error {
	path := filepath.Join(dir, name)
	err := sys.ReadShort(path, func(text string) error { return json.Unmarshal([]byte(text), value) })
	if errno := syscall.Errno(0); errors.As(err, &errno) {
		return &fs.PathError{Op: "open", Path: path, Err: errno}
	}
	return err
}

// ReadOwn reads such a file into value in the caller's own directory.
func ReadOwn(dir *os.Root, name string, value any) error {
	file, err := dir.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return errors.Join(err, &fs.PathError{Op: "read", Path: name, Err: fs.ErrInvalid})
	}
	const enough = 4096
	text, err := io.ReadAll(io.LimitReader(file, enough))
	if err != nil {
		return err
	}
	return json.Unmarshal(text, value)
}
