package host

import (
	"runtime"
	"sync"
)

// MaxProcessors is how many threads may run Go code at the same time. Nothing here is busy for
// long, and each of them needs a thread in reserve.
const MaxProcessors = 8

// blockedThreads is how many threads may be in a blocking system call at the same time: the
// intake's, a write to a file, a read of /proc.
const blockedThreads = 3

// reserveThreads makes the Go runtime create now every thread that it may ever need. Later
// clone may fail (pids.max of the cgroup, RLIMIT_NPROC). The runtime then exits ("failed to
// create new OS thread"), just when a supervisor must go on. Idle threads are kept for ever.
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
