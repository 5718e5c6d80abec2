package summary

import (
	"math/bits"
	"time"
)

// fine are the parts of each power of two, so that a percentile is at most 1/16 too high.
const fine = 16

// histogram counts durations.
type histogram struct {
	counts [64 * fine]uint64
	count  uint64
	max    time.Duration
}

func (h *histogram) add(d time.Duration) {
	h.counts[slot(uint64(max(d, 0)))]++
	h.count++
	h.max = max(h.max, d)
}

// slot is the number of the part that n is in.
func slot(n uint64) int {
	if n < fine {
		return int(n)
	}
	power := bits.Len64(n) - 1
	return power*fine + int(n>>(power-4)&(fine-1))
}

// last is the highest number in a part.
func last(slot int) uint64 {
	power, part := slot/fine, uint64(slot%fine)
	if power < 4 {
		return uint64(slot)
	}
	return (fine+part+1)<<(power-4) - 1
}

// percentile is what p of 100 are not above.
func (h *histogram) percentile(p uint64) time.Duration {
	rank, seen := (h.count*p+99)/100, uint64(0)
	for i, n := range h.counts {
		if seen += n; n > 0 && seen >= rank {
			return min(time.Duration(last(i)), h.max)
		}
	}
	return 0
}

// Latency is how long signals took from the sending to the delivery. Percentiles are up to
// 1/16 too high.
type Latency struct {
	Count   uint64        `json:"count"`
	P50     time.Duration `json:"p50_ns"`
	P90     time.Duration `json:"p90_ns"`
	P99     time.Duration `json:"p99_ns"`
	Max     time.Duration `json:"max_ns"`
	Buckets []Bucket      `json:"buckets"` // from the first to the last that has any
}

// Bucket counts signals that took From or more and less than To, twice of it.
type Bucket struct {
	From  time.Duration `json:"from_ns"`
	To    time.Duration `json:"to_ns"`
	Count uint64        `json:"count"`
}

// latency sums up what was counted.
func (h *histogram) latency() *Latency {
	l := &Latency{Count: h.count, P50: h.percentile(50), P90: h.percentile(90), P99: h.percentile(99), Max: h.max, Buckets: []Bucket{}}
	var powers [64]uint64
	for i, n := range h.counts {
		power := i / fine
		if power < 4 { // the first parts are single numbers
			power = max(bits.Len(uint(i))-1, 0)
		}
		powers[power] += n
	}
	end := len(powers)
	for end > 0 && powers[end-1] == 0 {
		end--
	}
	for power, n := range powers[:end] {
		if n > 0 || len(l.Buckets) > 0 {
			from := time.Duration(1) << power
			if power == 0 {
				from = 0
			}
			l.Buckets = append(l.Buckets, Bucket{from, time.Duration(1) << (power + 1), n})
		}
	}
	return l
}
