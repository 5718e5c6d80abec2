package control

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// reporter tells what was wrong, and sums up when that is too much to be told one by one.
type reporter struct {
	tell  func(source string, err error)
	count atomic.Uint64

	mu     sync.Mutex
	began  time.Time // of the present period
	told   int       // in it
	untold uint64    // since the last sum
}

// In each period this many errors are told.
const (
	reportPeriod = time.Second
	reportsMost  = 5
)

func newReporter(tell func(source string, err error)) *reporter {
	return &reporter{tell: tell}
}

// say reports an error of a source.
func (r *reporter) say(source string, err error) {
	r.count.Add(1)
	if r.tell == nil {
		return
	}
	r.mu.Lock()
	now := time.Now()
	if now.Sub(r.began) >= reportPeriod {
		r.began, r.told = now, 0
	}
	if r.told >= reportsMost {
		if r.untold++; r.untold == 1 {
			time.AfterFunc(reportPeriod, r.sumUp)
		}
		r.mu.Unlock()
		return
	}
	r.told++
	r.mu.Unlock()
	r.tell(source, err)
}

// sumUp tells how many were not told, a period after the first of them.
func (r *reporter) sumUp() {
	r.mu.Lock()
	untold := r.untold
	r.untold = 0
	r.mu.Unlock()
	r.tell("all", fmt.Errorf("%d more errors were not told one by one", untold))
}
