package stats

import (
	"math"
	"slices"
)

// Rounds holds the samples of one contestant, by round, in any unit. A round may be empty.
type Rounds [][]float64

// Add appends a sample to a round, counted from 0.
func (r *Rounds) Add(round int, sample float64) {
	for len(*r) <= round {
		*r = append(*r, nil)
	}
	(*r)[round] = append((*r)[round], sample)
}

// Summary summarises samples. All but Count are in the samples' unit, and 0 if there are
// none.
type Summary struct {
	Count  int     `json:"count"`
	Median float64 `json:"median"` // of the rounds' medians
	P25    float64 `json:"p25"`    // of all samples, as are the others
	P75    float64 `json:"p75"`
	P90    float64 `json:"p90"`
	P99    float64 `json:"p99"`
	Least  float64 `json:"least"`
	Most   float64 `json:"most"`
}

// Summary sums up all rounds.
func (r Rounds) Summary() Summary {
	all := r.sorted()
	if len(all) == 0 {
		return Summary{}
	}
	var medians []float64
	for _, round := range r {
		if len(round) > 0 {
			medians = append(medians, Median(round))
		}
	}
	return Summary{
		Count: len(all), Median: Median(medians),
		P25: quantile(all, 0.25), P75: quantile(all, 0.75), P90: quantile(all, 0.90), P99: quantile(all, 0.99),
		Least: all[0], Most: all[len(all)-1],
	}
}

// Ratio compares with a baseline that was measured in the same rounds: the median of the
// rounds' ratios of medians. It is 0 when no round has samples of both.
func (r Rounds) Ratio(baseline Rounds) float64 { return Median(r.Ratios(baseline)) }

// Ratios are those of the rounds that have samples of both.
func (r Rounds) Ratios(baseline Rounds) (ratios []float64) {
	for i, round := range r {
		if i >= len(baseline) || len(round) == 0 || len(baseline[i]) == 0 {
			continue
		}
		if base := Median(baseline[i]); base != 0 {
			ratios = append(ratios, Median(round)/base)
		}
	}
	return ratios
}

// Interval is where the median of what was sampled is with a confidence of at least 95 %: between
// two of the samples, whatever their distribution. Fewer than six are too few for that, and ok is
// false.
func Interval(samples []float64) (low, high float64, ok bool) {
	// k of n samples are below the median with the probability (n over k) / 2^n.
	n, below := len(samples), 0
	probability, sum := math.Pow(0.5, float64(n)), 0.0
	for sum+probability <= 0.025 {
		sum += probability
		probability *= float64(n-below) / float64(below+1)
		below++
	}
	if below == 0 {
		return 0, 0, false
	}
	sorted := slices.Sorted(slices.Values(samples))
	return sorted[below-1], sorted[n-below], true
}

// sorted returns the samples of all rounds, the least first.
func (r Rounds) sorted() []float64 {
	all := slices.Concat(r...)
	slices.Sort(all)
	return all
}

// Median returns the middle one of samples in any order, the mean of the middle two when
// their number is even, and 0 of none.
func Median(samples []float64) float64 {
	if len(samples) == 0 {
		return 0
	}
	return quantile(slices.Sorted(slices.Values(samples)), 0.5)
}

// quantile interpolates between the two nearest of sorted samples: Hyndman and Fan's type
// 7, the default of R and NumPy.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	below := math.Floor(at)
	low, high := sorted[int(below)], sorted[min(int(below)+1, len(sorted)-1)]
	return low + (at-below)*(high-low)
}
