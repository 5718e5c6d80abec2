package machine

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestTimers compares the heap with a search through all timers.
func TestTimers(t *testing.T) {
	random := rand.New(rand.NewPCG(*seed, 4))
	for range 50 {
		all := make([]timer, 1+random.IntN(30))
		for i := range all {
			all[i].rank = i
		}
		var heap timers
		for range 500 {
			one := &all[random.IntN(len(all))]
			if random.IntN(3) == 0 {
				heap.clear(one)
			} else {
				heap.arm(one, time.Duration(random.IntN(20)))
			}
			var want *timer
			set := 0
			for i := range all {
				if !all[i].set() {
					continue
				}
				if set++; want == nil || all[i].before(want) {
					want = &all[i]
				}
			}
			if got := heap.first(); got != want || len(heap) != set {
				t.Fatalf("seed %d: %d timers, first %v; want %d, first %v", *seed, len(heap), got, set, want)
			}
		}
	}
}
