package host

import (
	"runtime"
	"sync"
)

// MaxProcessors is how many threads run Go code at the same time at most ([BeginBulkStart] sees to
// it). Nothing here is busy for long, and each needs a thread in reserve.
const MaxProcessors = 8

// blockedThreads is how many threads are taken to be in a system call at the same time:
// the intake's, writes to files, reading /proc. A start of 500 services has been seen to use
// as many as are made with it.
const blockedThreads = 5

// reserveThreads has the Go runtime make every thread that it may need now, while there is
// room: when one is wanted and clone fails (pids.max of the cgroup, RLIMIT_NPROC), the
// runtime ends the process ("failed to create new OS thread"), and that is just when a
// supervisor must go on. The runtime keeps threads that have nothing to do for ever. If there
// is no room at all, nothing has been started yet, and package boot says so in one line.
func reserveThreads() {
	n := runtime.GOMAXPROCS(0) + blockedThreads
	var all sync.WaitGroup
	all.Add(n)
	for range n {
		go func() {
			runtime.LockOSThread() // so that each needs a thread of its own
			defer runtime.UnlockOSThread()
			all.Done()
			all.Wait()
		}()
	}
	all.Wait()
}
