package main

import (
	"slices"
	"testing"
)

func TestReleases(t *testing.T) {
	b := &bench{dir: "/b", options: options{before: "/old/supervise"}}
	var got []string
	for _, c := range b.ours(contestant{forwards: true}, "-g", "--") {
		if !c.forwards {
			t.Errorf("%s is like another", c.name)
		}
		got = append(got, c.name)
		got = append(got, c.argv...)
	}
	want := []string{
		supervise, "/b/supervise", "init", "-g", "--",
		slim, "/b/supervise-init", "-g", "--",
		supervise + before, "/b/before/supervise", "init", "-g", "--",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestBeforeGoals(t *testing.T) {
	s := newSeries("a", "a"+before, "b", "c", "c"+before)
	for name, sample := range map[string]float64{"a": 1.01, "a" + before: 1, "b": 5, "c": 1.03, "c" + before: 1} {
		s.rounds[name].Add(0, sample)
	}
	var got []string
	for _, goal := range s.beforeGoals(", up,") {
		got = append(got, goal.String())
	}
	want := []string{"a, up, at most 1.02x of before: met, 1.010x", "c, up, at most 1.02x of before: MISSED, 1.030x"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if goals := newSeries("a").beforeGoals(""); goals != nil {
		t.Errorf("nothing to compare with: %v", goals)
	}
}
