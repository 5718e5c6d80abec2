package send

import (
	"syscall"

	"supervise/internal/sys"
	"supervise/signals"
)

// InfoGroup is [Info] for every process of the group that a process leads, given its pid and
// pidfd. Before Linux 6.9 a group can only be signalled by kill(2), as ourselves and without
// payload; [QueuesGroups] reports that. Gone means that there is no such group, though the
// process may live on in another one.
func InfoGroup(pid, pidfd int, info signals.Info) Result {
	if pidfd >= 0 {
		switch err := sys.QueueGroup(pidfd, info.Forwardable()); err {
		case syscall.EINVAL, syscall.ENOSYS, syscall.EPERM:
			// An old kernel, or a seccomp filter that does not know the call.
		default:
			return resultOf(err)
		}
	}
	sys.FeatureGroupQueue.SetAvailable(false)
	return Group(pid, info.Signal)
}
