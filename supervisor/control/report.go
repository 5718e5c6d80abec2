package control

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// reporter reports errors, and sums them up when there are too many to report each.
type reporter struct {
	emit  func(source string, err error)
	count atomic.Uint64

	mu         sync.Mutex
	began      time.Time // of the current period
	emitted    int       // in the current period
	suppressed uint64    // not reported since the last sum
}

// At most maxReports errors are reported in each reportPeriod.
const (
	reportPeriod = time.Second
	maxReports   = 5
)

func newReporter(emit func(source string, err error)) *reporter {
	return &reporter{emit: emit}
}

// report reports an error of a source.
func (r *reporter) report(source string, err error) {
	r.count.Add(1)
	if r.emit == nil {
		return
	}
	r.mu.Lock()
	now := time.Now()
	if now.Sub(r.began) >= reportPeriod {
		r.began, r.emitted = now, 0
	}
	if r.emitted >= maxReports {
		if r.suppressed++; r.suppressed == 1 {
			time.AfterFunc(reportPeriod, r.reportSuppressed)
		}
		r.mu.Unlock()
		return
	}
	r.emitted++
	r.mu.Unlock()
	r.emit(source, err)
}

// reportSuppressed reports how many errors were not reported, one period after the first of
// them.
func (r *reporter) reportSuppressed() {
	r.mu.Lock()
	suppressed := r.suppressed
	r.suppressed = 0
	r.mu.Unlock()
	r.emit("all", fmt.Errorf("%d more errors were not reported one by one", suppressed))
}
