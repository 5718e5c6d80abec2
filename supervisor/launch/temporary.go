package launch

import (
	"errors"

	"golang.org/x/sys/unix"

	"supervise/supervisor/process"
)

// Temporary reports whether a start that failed with err may succeed later, although nobody
// changes anything, as it failed for want of descriptors, memory or processes.
func Temporary(err error) bool {
	var failure *process.StartError
	if errors.As(err, &failure) {
		return failure.Temporary()
	}
	// EAGAIN: cgroup.max.descendants, cgroups(7).
	for _, shortage := range []error{unix.EMFILE, unix.ENFILE, unix.ENOMEM, unix.EAGAIN, unix.ENOSPC} {
		if errors.Is(err, shortage) {
			return true
		}
	}
	return false
}
