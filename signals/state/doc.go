// Package state is the state of a process's signals as the kernel tells it in /proc: which it
// ignores and catches, which of them each thread blocks, which are pending, and how many of
// its user's are queued.
//
//	status, err := state.Parse(text)     // /proc/PID/status, or that of a thread
//	p, err := procfs.Read(pid)           // a whole process, with all of its threads
//	p.Disposition(signals.SIGTERM)       // Default, Ignored or Caught
//	p.Blocking(signals.SIGTERM)          // the threads that block it
//
// The package is pure, and early: see cmd/supervise/preinit. Package procfs reads, package
// actions knows what /proc does not say: handlers, flags and masks.
package state
