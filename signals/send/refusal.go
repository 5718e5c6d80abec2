package send

import (
	"sync/atomic"
	"syscall"

	"supervise/internal/sys"
	"supervise/signals"
)

// noQueue is set once rt_sigqueueinfo was found to be refused, whoever the receiver is.
var noQueue atomic.Bool

// Queues reports whether signals carry payload and sender: false from the first one on that
// [Info] had to send anew because a seccomp filter refuses rt_sigqueueinfo.
func Queues() bool { return !noQueue.Load() }

// noGroupQueue is set once a whole group could only be sent a signal by kill.
var noGroupQueue atomic.Bool

// QueuesGroups is [Queues] for [InfoGroup].
func QueuesGroups() bool { return !noGroupQueue.Load() }

// refusal reports whether an error may be that of a call which is not to be had, because of
// a seccomp filter. EPERM may as well be about the receiver.
func refusal(err error) bool { return err == syscall.EPERM || err == syscall.ENOSYS }

// queues finds out whether rt_sigqueueinfo is to be had, by sending no signal to ourselves:
// the kernel takes that from everyone (kill_proc_info in kernel/signal.c).
func queues() bool {
	if err := sys.Queue(syscall.Getpid(), signals.Info{Code: signals.CodeQueue}); refusal(err) {
		noQueue.Store(true)
	}
	return Queues()
}
