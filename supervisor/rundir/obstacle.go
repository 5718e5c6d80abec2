package rundir

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Obstacle says what stands at a path, or above it, so that no directory can be made there,
// and what can be done about it; nil if nothing does. Symbolic links to directories do not.
func Obstacle(path string) error {
	if parent := filepath.Dir(path); parent != path {
		if err := Obstacle(parent); err != nil {
			return err
		}
	}
	const remedy = "or name another directory by --runtime-dir or supervisor.runtime-dir"
	there, err := os.Lstat(path)
	if err != nil || there.IsDir() {
		return nil // not there, or not to be seen, which who makes it is told
	}
	if there.Mode().Type() != os.ModeSymlink {
		return fmt.Errorf("%s is no directory; remove it, %s", path, remedy)
	}
	target, _ := os.Readlink(path)
	behind, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("%s is a symbolic link to %s, which does not exist; make that directory, remove the link, %s", path, target, remedy)
	case errors.Is(err, unix.ELOOP):
		return fmt.Errorf("%s is a symbolic link to %s, which leads back to it; remove the link, %s", path, target, remedy)
	case err == nil && !behind.IsDir():
		return fmt.Errorf("%s is a symbolic link to %s, which is no directory; remove the link, %s", path, target, remedy)
	}
	return nil
}
