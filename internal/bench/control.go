package main

import (
	"fmt"
	"math/rand/v2"

	"supervise/internal/bench/report"
	"supervise/internal/bench/stats"
)

// The goals of the control plane.
const (
	statusGoal    = 2.0  // of sv status
	roundTripGoal = 50.0 // µs
	boardGoal     = 1.0  // µs a service
)

// The names that goals refer to.
const (
	superviseStatus = "supervise status"
	svStatus        = "sv status"
	roundTrip       = "ping"
	boardOfAll      = "board"
)

// control measures querying and commanding a running supervisor: with programs, from within a
// program, and through FIFOs.
func (b *bench) control() []report.Table {
	sites := b.sites()
	for _, s := range sites {
		s.open(b)
		defer s.close()
	}
	all := b.fleetSite()
	all.open(b)
	defer all.close()
	return []report.Table{b.statusTable(sites), b.allTable(all), b.callTable(sites[0], all), b.commandTable(sites)}
}

// act is something that is measured repeatedly.
type act struct {
	name string
	site *site
	do   func() (float64, error)
}

// interleave measures all acts in turns, in random order.
func (b *bench) interleave(acts []act, times int) *series {
	s := newSeries()
	for _, a := range acts {
		s.order = append(s.order, a.name)
		s.rounds[a.name] = &stats.Rounds{}
		if a.site.absent != "" {
			s.skipped[a.name] = a.site.absent
		}
	}
	for round := range b.rounds {
		for i := range b.count(times) + 2 {
			for _, at := range rand.Perm(len(acts)) {
				if a := acts[at]; s.in(a.name) {
					took, err := a.do()
					switch {
					case err != nil:
						s.fail(a.name, a.site.child.explain(err))
					case i >= 2: // the first ones warm the caches
						s.rounds[a.name].Add(round, took)
					}
				}
			}
		}
	}
	return s
}

// statusTable compares the programs that tell how one service stands.
func (b *bench) statusTable(sites []*site) report.Table {
	var acts []act
	for _, s := range sites {
		acts = append(acts, b.asking(s)...)
	}
	s := b.interleave(acts, 20)
	return report.Table{
		Name: "control", Title: "a program that asks for the status of one service, start to exit, ms",
		Goals: []report.Goal{
			goal(fmt.Sprintf("%s at most %.0fx of %s", superviseStatus, statusGoal, svStatus), s.ratio(superviseStatus, svStatus), statusGoal, "%.2fx"),
		},
		Columns: spreadColumns(report.Column{Key: "ratio", Title: "of sv"}),
		Rows:    spreadRows(s, 2, func(name string) report.Cell { return report.Ratio(s.ratio(name, svStatus)) }),
		Notes:   []string{"`supervise version` asks nobody, and true(1) is what any program takes."},
	}
}

// allTable is the same of many services.
func (b *bench) allTable(all *site) report.Table {
	s := b.interleave(b.asking(all), 10)
	return report.Table{
		Name: "control", Title: fmt.Sprintf("the same of %d services, ms", fleetSize),
		Columns: spreadColumns(report.Column{Key: "each", Title: "µs a service"}),
		Rows: spreadRows(s, 2, func(name string) report.Cell {
			return report.Number(s.rounds[name].Summary().Median*1e3/fleetSize, 1)
		}),
	}
}

// callTable is about the library.
func (b *bench) callTable(one, all *site) report.Table {
	acts, end := b.calls(one, all)
	defer end()
	s := b.interleave(acts, 200)
	each := func(name string) float64 { return s.rounds[name].Summary().Median / fleetSize }
	return report.Table{
		Name: "control", Title: "a Go program asks a live supervise, µs",
		Goals: []report.Goal{
			goal(fmt.Sprintf("round trip over the queue within %.0f µs", roundTripGoal), s.rounds[roundTrip].Summary().Median, roundTripGoal, "%.1f µs"),
			goal(fmt.Sprintf("board read within %.0f µs a service", boardGoal), each(boardOfAll), boardGoal, "%.3f µs"),
		},
		Columns: spreadColumns(report.Column{Key: "each", Title: "a service"}),
		Rows: spreadRows(s, 1, func(name string) report.Cell {
			if name == statusOfAll || name == boardOfAll {
				return report.Number(each(name), 3)
			}
			return report.Text("")
		}),
		Notes: []string{
			"Each is asked " + fmt.Sprint(inARow) + " times in a row, all services " + fmt.Sprint(aFew) + " times, of which the median counts; \"after a rest\" all have slept before.",
			"The floor is msgsnd(2) and msgrcv(2) between two threads of this program, without a supervisor.",
		},
	}
}

// commandTable compares FIFOs.
func (b *bench) commandTable(sites []*site) report.Table {
	var acts []act
	for _, s := range sites {
		acts = append(acts, s.commands()...)
	}
	s := b.interleave(acts, 100)
	return report.Table{
		Name: "control", Title: "from before open(2) of a control FIFO to SIGUSR1 in the service, µs",
		Columns: spreadColumns(report.Column{Key: "ratio", Title: "of runit"}),
		Rows:    spreadRows(s, 1, func(name string) report.Cell { return report.Ratio(s.ratio(name, runitLetter)) }),
	}
}

// spreadColumns are the columns of all tables about control, with one of their own.
func spreadColumns(own report.Column) []report.Column {
	return []report.Column{
		{Key: "median", Title: "p50"},
		{Key: "spread", Title: "p25-p75"},
		{Key: "p90", Title: "p90"},
		{Key: "least", Title: "least"},
		own,
		{Key: "n", Title: "n"},
	}
}

func spreadRows(s *series, digits int, own func(name string) report.Cell) []report.Row {
	return s.rows(func(name string, samples stats.Rounds) map[string]report.Cell {
		sum := samples.Summary()
		cell := own(name)
		return map[string]report.Cell{
			"median": report.Median(sum, digits), "spread": report.Spread(sum, digits), "p90": report.Number(sum.P90, digits),
			"least": report.Number(sum.Least, digits), "n": report.Number(float64(sum.Count), 0),
			"ratio": cell, "each": cell,
		}
	})
}
