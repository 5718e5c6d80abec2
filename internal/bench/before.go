package main

import (
	"fmt"

	"supervise/internal/bench/report"
	"supervise/internal/bench/stats"
)

// before is what the names of all that an earlier build does end with.
const before = ", before"

// beforeGoal is how much of what it took before anything may take.
const beforeGoal = 1.02

// release is one build of supervise that takes part.
type release struct {
	suffix string // of its names in the tables
	full   string // the program
	slim   string // supervise-init; "" if it does not take part
}

// releases returns the present build, and the earlier one that was asked for.
func (b *bench) releases() []release {
	all := []release{{full: b.file("supervise"), slim: b.file("supervise-init")}}
	if b.before != "" {
		earlier := release{suffix: before, full: b.file("before/supervise")}
		if b.beforeInit != "" {
			earlier.slim = b.file("before/supervise-init")
		}
		all = append(all, earlier)
	}
	return all
}

// ours are the wrappers of all releases, with arguments that the command follows.
func (b *bench) ours(like contestant, args ...string) (all []contestant) {
	add := func(name string, argv ...string) {
		c := like
		c.name, c.argv = name, append(argv, args...)
		all = append(all, c)
	}
	for _, r := range b.releases() {
		add(supervise+r.suffix, r.full, "init")
		if r.slim != "" {
			add(slim+r.suffix, r.slim)
		}
	}
	return all
}

// beforeGoals compares whatever was measured of both builds, and says within which bounds the
// ratio is with a confidence of 95 %, if there were rounds enough. What is told with it says which
// of several numbers it is, or is "".
func (s *series) beforeGoals(what string) (goals []report.Goal) {
	for _, name := range s.order {
		if _, both := s.rounds[name+before]; both {
			g := goal(fmt.Sprintf("%s%s at most %.2fx of before", name, what, beforeGoal), s.ratio(name, name+before), beforeGoal, "%.3fx")
			if low, high, ok := stats.Interval(s.rounds[name].Ratios(*s.rounds[name+before])); ok && g.Measured != "" {
				g.Measured += fmt.Sprintf(" (%.3f-%.3f)", low, high)
			}
			goals = append(goals, g)
		}
	}
	return goals
}
