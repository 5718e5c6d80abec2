package host

import (
	"runtime"
	"sync"
)

// MaxProcessors is how many threads may run Go code at the same time. Nothing here is busy for
// long, and each of them needs a thread in reserve.
const MaxProcessors = 8

// blockedThreads is how many threads may be in a blocking system call at the same time: the
// intake's, writes to files, reads of /proc. A start of 500 services has been seen to use as
// many as are made with it.
const blockedThreads = 5

// reserveThreads makes the Go runtime create now every thread that it may ever need. Later
// clone may fail (pids.max of the cgroup, RLIMIT_NPROC). The runtime then exits ("failed to
// create new OS thread"), just when a supervisor must go on. Idle threads are kept for ever. If there is
// no room at all, nothing has been started yet, and package boot says so in one line.
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
