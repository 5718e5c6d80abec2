// Package queue keeps signals that cannot be delivered yet, so that none is lost
// or reordered without being counted.
//
// The kernel has two kinds of pending signals, and so has this package (signal(7),
// "Queueing and delivery semantics for real-time signals"):
//
//   - a [Queue] holds real-time signals, first in, first out, each with its
//     payload and sender, up to a limit and with a [Policy] for what comes beyond it;
//   - a [Coalesced] holds standard signals, each number at most once, the first
//     one's sender kept.
//
// A [Backoff] says how long to wait before a signal is offered again that the
// kernel had no room for: sigqueue(3) fails with EAGAIN when RLIMIT_SIGPENDING of
// the receiver's user is exhausted.
//
// The loop of whoever uses it:
//
//	on a signal:  if anything waits already, Push it (or Add it); else send it
//	to send:      take Front, send it, then
//	              sent:    Pop, and Reset the backoff
//	              EAGAIN:  leave it there, and come back after Next
//	on giving up: Discard, and tell how many were lost
//
// It is pure: no clock, no system call, no goroutine, no lock. An empty queue that
// was never used holds no memory, and after a flood it gives its memory back.
//
// It stands on the path of supervise init, so it imports nothing but the package
// signals; durations are plain nanoseconds because the package time would have to
// be initialised too.
package queue
