package stats

import (
	"math"
	"testing"
)

func TestSummary(t *testing.T) {
	tests := []struct {
		name   string
		rounds Rounds
		want   Summary
	}{
		{"none", nil, Summary{}},
		{"an empty round", Rounds{nil}, Summary{}},
		{"one", Rounds{{4}}, Summary{1, 4, 4, 4, 4, 4, 4, 4}},
		{"unsorted", Rounds{{5, 1, 4, 2, 3}}, Summary{5, 3, 2, 4, 4.6, 4.96, 1, 5}},
		// One slow round moves the median of all samples, and not the median of medians.
		{"a slow round", Rounds{{1, 1}, {100, 100, 100, 100, 100}, nil, {2, 2}}, Summary{9, 2, 2, 100, 100, 100, 1, 100}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := test.rounds.Summary()
			if !near(got.P90, test.want.P90) || !near(got.P99, test.want.P99) {
				t.Errorf("p90 %v, p99 %v, want %v, %v", got.P90, got.P99, test.want.P90, test.want.P99)
			}
			got.P90, got.P99 = test.want.P90, test.want.P99
			if got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestMedian(t *testing.T) {
	for _, test := range []struct {
		samples []float64
		want    float64
	}{
		{nil, 0},
		{[]float64{3}, 3},
		{[]float64{3, 1}, 2},
		{[]float64{9, 1, 2}, 2},
	} {
		if got := Median(test.samples); got != test.want {
			t.Errorf("Median(%v) = %v, want %v", test.samples, got, test.want)
		}
	}
}

func TestMedianKeepsOrder(t *testing.T) {
	samples := []float64{3, 1, 2}
	Median(samples)
	if samples[0] != 3 || samples[1] != 1 || samples[2] != 2 {
		t.Errorf("the samples were reordered: %v", samples)
	}
}

func TestRatio(t *testing.T) {
	base := Rounds{{10, 10}, {100}, {20}, nil, {0}}
	tests := []struct {
		name   string
		rounds Rounds
		want   float64
	}{
		{"of itself", base, 1},
		{"twice as slow in each round", Rounds{{20}, {200}, {40}}, 2},
		{"one round disturbed", Rounds{{20}, {900}, {40}}, 2},
		{"no round in common", Rounds{nil, nil, nil, {5}}, 0},
		{"a baseline of nothing", Rounds{nil, nil, nil, nil, {5}}, 0},
		{"more rounds than the baseline", Rounds{{30}, nil, nil, nil, nil, {7}}, 3},
	}
	for _, test := range tests {
		if got := test.rounds.Ratio(base); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

func TestAdd(t *testing.T) {
	var r Rounds
	r.Add(2, 5)
	r.Add(0, 1)
	r.Add(2, 6)
	if len(r) != 3 || len(r[0]) != 1 || len(r[1]) != 0 || len(r[2]) != 2 {
		t.Errorf("got %v", r)
	}
}

func near(a, b float64) bool { return math.Abs(a-b) < 1e-9 }

func TestInterval(t *testing.T) {
	count := func(n int) (samples []float64) {
		for i := range n {
			samples = append(samples, float64(n-i))
		}
		return samples
	}
	// Tables of the sign test: of 6, the 1st; of 9, the 2nd; of 20, the 6th; of 100, the 40th.
	for _, test := range []struct{ n, low, high int }{{6, 1, 6}, {8, 1, 8}, {9, 2, 8}, {20, 6, 15}, {100, 40, 61}} {
		low, high, ok := Interval(count(test.n))
		if !ok || low != float64(test.low) || high != float64(test.high) {
			t.Errorf("of %d: %v to %v, %v, want %d to %d", test.n, low, high, ok, test.low, test.high)
		}
	}
	for n := range 6 {
		if low, high, ok := Interval(count(n)); ok {
			t.Errorf("of %d: %v to %v", n, low, high)
		}
	}
}
