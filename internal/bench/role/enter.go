package role

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Isolate gives the process its own /proc, in the mount namespace that it was started in.
// It is the first thing to do in a new PID namespace: pid_namespaces(7).
func Isolate() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return os.NewSyscallError("mount /", err)
	}
	return os.NewSyscallError("mount /proc", unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""))
}

// enter executes a command as PID 1 of the namespace that the process was started in.
func enter(argv []string) error {
	if len(argv) == 0 {
		return fmt.Errorf("no command")
	}
	if err := Isolate(); err != nil {
		return err
	}
	return os.NewSyscallError("execve "+argv[0], unix.Exec(argv[0], argv, os.Environ()))
}
