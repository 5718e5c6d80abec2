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
	untold uint64    // since the last that was told
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
		r.untold++
		r.mu.Unlock()
		return
	}
	r.told++
	untold := r.untold
	r.untold = 0
	r.mu.Unlock()
	if untold > 0 {
		err = fmt.Errorf("%w (and %d errors before that were not told one by one)", err, untold)
	}
	r.tell(source, err)
}
