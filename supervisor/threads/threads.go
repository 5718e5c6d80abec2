package threads

import (
	"runtime"
	"sync"
)

// MaxProcessors is how many threads may run Go code at the same time. Nothing in a supervisor is
// busy for long, and each of them needs a thread in reserve.
const MaxProcessors = 8

// blocked is how many threads may be in a blocking system call at the same time: the
// intake's, writes to files, reads of /proc. A start of 500 services has been seen to use as
// many as are made with it.
const blocked = 5

var reserve struct {
	once sync.Once
	all  sync.WaitGroup
}

// Reserve begins to make them, if it has not begun yet. As many may run as twice the present
// GOMAXPROCS.
func Reserve() {
	begin(min(2*runtime.GOMAXPROCS(0), MaxProcessors) + blocked)
}

// Make makes n of them.
func Make(n int) {
	begin(n)
	reserve.all.Wait()
}

func begin(n int) {
	reserve.once.Do(func() {
		reserve.all.Add(n)
		for range n {
			go stand()
		}
	})
}

// stand takes a thread until all have one.
func stand() {
	runtime.LockOSThread() // so that each needs a thread of its own
	defer runtime.UnlockOSThread()
	reserve.all.Done()
	reserve.all.Wait()
}

// Wait waits until all are there.
func Wait() {
	Reserve()
	reserve.all.Wait()
}
