//go:build !slim

package main

import (
	"slices"
	"testing"

	"supervise/supervisor/control/request"
)

// TestLinesBelowEnds has last lines that were read late, with and without their end, and of two ends.
func TestLinesBelowEnds(t *testing.T) {
	lines := func(id, cause uint64) request.Event {
		return request.Event{ID: id, Cause: cause, Lines: []string{"bye"}}
	}
	for name, c := range map[string]struct {
		events []request.Event
		want   []uint64
	}{
		"in place":         {[]request.Event{{ID: 1}, lines(2, 1), {ID: 3}}, []uint64{1, 2, 3}},
		"late":             {[]request.Event{{ID: 1}, {ID: 2, Cause: 1}, {ID: 3}, lines(4, 1)}, []uint64{1, 4, 2, 3}},
		"end forgotten":    {[]request.Event{{ID: 5}, lines(6, 1)}, []uint64{5, 6}},
		"of two ends":      {[]request.Event{{ID: 1}, {ID: 2}, lines(3, 2), lines(4, 1)}, []uint64{1, 4, 2, 3}},
		"twice of one":     {[]request.Event{{ID: 1}, {ID: 2}, lines(3, 1), lines(4, 1)}, []uint64{1, 3, 4, 2}},
		"nothing happened": {nil, nil},
	} {
		var got []uint64
		for _, e := range linesBelowEnds(c.events) {
			got = append(got, e.ID)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
