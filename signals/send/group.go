package send

import (
	"syscall"

	"supervise/internal/sys"
	"supervise/signals"
)

// InfoGroup is [Info] for every process of the group that a process leads, given by its
// pid and pidfd. Before Linux 6.9 a group can only be sent a signal by kill(2), in our own
// name and without payload, of which [QueuesGroups] tells. Gone means that there is no such group, though the process may
// live on in another.
func InfoGroup(pid, pidfd int, info signals.Info) Result {
	if pidfd >= 0 {
		switch err := sys.QueueGroup(pidfd, info.Forwardable()); err {
		case syscall.EINVAL, syscall.ENOSYS, syscall.EPERM:
			// An old kernel, or a seccomp filter that does not know the call.
		default:
			return resultOf(err)
		}
	}
	noGroupQueue.Store(true)
	return Group(pid, info.Signal)
}
