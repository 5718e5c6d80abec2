package ipc

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"supervise/internal/sys"
)

// WriteFile writes the JSON of value, in one line, into a file of a directory, all of it
// or nothing: who reads meets the old one or the new one. Mode and group are given before
// it has its name.
func WriteFile(dir, name string, value any, perm Permission) (err error) {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	file, err := os.CreateTemp(dir, "."+name+".")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(file.Name())
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
	return os.Rename(file.Name(), filepath.Join(dir, name))
}

// ReadFile reads it into value.
func ReadFile(dir, name string, value any) error {
	path := filepath.Join(dir, name)
	text, err := sys.ReadFile(path)
	if err != nil {
		return &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return json.Unmarshal([]byte(text), value)
}
