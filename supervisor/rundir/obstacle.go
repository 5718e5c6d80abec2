package rundir

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Obstacle says what prevents a directory from being made at a path, be it there or above,
// and what can be done about it; nil if nothing does. Symbolic links to directories are no
// obstacle.
func Obstacle(path string) error {
	if parent := filepath.Dir(path); parent != path {
		if err := Obstacle(parent); err != nil {
			return err
		}
	}
	const remedy = "or name another directory by --runtime-dir or supervisor.runtime-dir"
	there, err := os.Lstat(path)
	if err != nil || there.IsDir() {
		return nil // missing, or not visible: making it will say which
	}
	if there.Mode().Type() != os.ModeSymlink {
		return fmt.Errorf("%s is not a directory; remove it, %s", path, remedy)
	}
	target, _ := os.Readlink(path)
	behind, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("%s is a symbolic link to %s, which does not exist; make that directory, remove the link, %s", path, target, remedy)
	case errors.Is(err, unix.ELOOP):
		return fmt.Errorf("%s is a symbolic link to %s, which leads back to it; remove the link, %s", path, target, remedy)
	case err == nil && !behind.IsDir():
		return fmt.Errorf("%s is a symbolic link to %s, which is not a directory; remove the link, %s", path, target, remedy)
	}
	return nil
}
