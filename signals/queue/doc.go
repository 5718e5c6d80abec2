// Package queue keeps signals that cannot be delivered yet, so that none is lost or reordered
// without being counted.
//
// The kernel has two kinds of pending signals, and so has this package (signal(7), "Queueing
// and delivery semantics for real-time signals"):
//
//   - a [Queue] holds real-time signals, first in, first out, each with its payload and
//     sender, up to a limit and with a [Policy] for what comes beyond it;
//   - a [Coalesced] holds standard signals, each number at most once, with the first one's
//     sender.
//
// A [Backoff] says how long to wait before trying again when the kernel had no room:
// sigqueue(3) fails with EAGAIN when RLIMIT_SIGPENDING of the receiver's user is exhausted.
//
// The loop of a user:
//
//	on a signal:  if any already wait, Push it (or Add it); else send it
//	to send:      take Front, send it, then
//	              sent:    Pop, and Reset the backoff
//	              EAGAIN:  leave it there, and come back after Next
//	on giving up: Discard, and report how many were lost
//
// It is pure: no clock, no system call, no goroutine, no lock. A queue that was never used
// holds no memory, and after a flood a queue releases its memory. It is early (see
// cmd/supervise/preinit), so durations are plain nanoseconds.
package queue
