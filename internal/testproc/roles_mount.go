package testproc

import (
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

func init() { Role("dead-mount", deadMount) }

// deadMount executes a program in a mount namespace of its own, in which a directory is on a
// file system that never answers: FUSE without a server. The mount lives as long as the
// program, which inherits its descriptor, and then whoever hangs in it goes on. The arguments
// are the directory and the program's own. It needs root.
func deadMount(args []string) int {
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return usage(err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return usage(err)
	}
	fd, err := unix.Open("/dev/fuse", unix.O_RDWR, 0)
	if err != nil {
		return usage(err)
	}
	options := fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", fd)
	if err := unix.Mount("fuse", args[0], "fuse", unix.MS_NOSUID|unix.MS_NODEV, options); err != nil {
		return usage(err)
	}
	_ = os.Unsetenv(roleVariable)
	return usage(unix.Exec(args[1], args[1:], os.Environ()))
}
