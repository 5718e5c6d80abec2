package send

import (
	"syscall"

	"supervise/internal/sys"
)

// Queues reports whether signals carry payload and sender. It is false once [Info] had to
// send one without, because a seccomp filter refuses rt_sigqueueinfo.
func Queues() bool { return sys.FeatureSignalQueue.Available() }

// QueuesGroups is [Queues] for [InfoGroup].
func QueuesGroups() bool { return sys.FeatureGroupQueue.Available() }

// mayBeRefused reports whether an error may mean that a seccomp filter refuses the call.
// EPERM may as well be about the receiver.
func mayBeRefused(err error) bool { return err == syscall.EPERM || err == syscall.ENOSYS }
