package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"time"

	"supervise/internal/bench/report"
	"supervise/internal/bench/stats"
)

// The goals of the control plane.
const (
	statusGoal    = 0.5  // of sv status
	manyGoal      = 0.3  // of sv status of many services
	changeGoal    = 0.5  // of sv up, where it changes nothing
	roundTripGoal = 50.0 // µs
	boardGoal     = 1.0  // µs a service
	letterGoal    = 1.1  // of runit
)

// The names that goals refer to.
const (
	superviseStatus = "supervise status"
	svStatus        = "sv status"
	superviseStart  = "supervise start, of one that runs"
	svUp            = "sv up, of one that runs"
	roundTrip       = "ping"
	boardOfAll      = "board"
)

// control measures querying and commanding a running supervisor: with programs, from within a
// program, and through FIFOs.
func (b *bench) control() []report.Table {
	var ours, fleets, many []*site
	for _, r := range b.releases() {
		ours, fleets, many = append(ours, webSite(r)), append(fleets, fleetSite(r)), append(many, b.manySite(r))
	}
	sites := slices.Clone(ours)
	if !b.oursOnly {
		sites, many = append(sites, peerSites()...), append(many, b.manyRunit())
	}
	for _, s := range slices.Concat(sites, fleets, many) {
		s.open(b)
		defer s.close()
	}
	sites[0].askers = append(sites[0].askers, asker{"true", func(string) []string { return []string{b.trueCmd} }})
	return []report.Table{b.statusTable(sites), b.manyTable(many), b.allTable(fleets), b.callTable(ours, fleets), b.commandTable(sites), b.forwardTable(ours)}
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
		Goals: append(
			s.beforeGoals(""),
			s.against(superviseStatus, svStatus, statusGoal),
			s.against(superviseStart, svUp, changeGoal),
		),
		Columns: spreadColumns(report.Column{Key: "ratio", Title: "of sv"}),
		Rows:    spreadRows(s, 2, func(name string) report.Cell { return report.Ratio(s.ratio(name, svStatus)) }),
		Notes:   []string{"`supervise version` asks nobody, and true(1) is what any program takes."},
	}
}

// manyTable is the same of many services, and of one of them.
func (b *bench) manyTable(sites []*site) report.Table {
	var acts []act
	for _, s := range sites {
		acts = append(acts, b.asking(s)...)
	}
	s := b.interleave(acts, 20)
	return report.Table{
		Name: "control", Title: fmt.Sprintf("the same of %d services, all or one of them, ms", b.many()),
		Goals: append(
			s.beforeGoals(""),
			s.against(superviseStatus+ofAll, svStatus+ofAll, manyGoal),
			s.against(superviseStatus+ofOne, svStatus+ofOne, statusGoal),
		),
		Columns: spreadColumns(report.Column{Key: "ratio", Title: "of sv"}),
		Rows: spreadRows(s, 2, func(name string) report.Cell {
			peer := svStatus + ofAll
			if strings.Contains(name, ofOne) {
				peer = svStatus + ofOne
			}
			return report.Ratio(s.ratio(name, peer))
		}),
	}
}

// against is the goal that something takes at most so much of what another takes.
func (s *series) against(name, peer string, most float64) report.Goal {
	return goal(fmt.Sprintf("%s at most %.1fx of %s", name, most, peer), s.ratio(name, peer), most, "%.2fx")
}

// allTable is the same of many services.
func (b *bench) allTable(fleets []*site) report.Table {
	var acts []act
	for _, s := range fleets {
		acts = append(acts, b.asking(s)...)
	}
	s := b.interleave(acts, 10)
	return report.Table{
		Goals: s.beforeGoals(""),
		Name:  "control", Title: fmt.Sprintf("the same of %d services, ms", fleetSize),
		Columns: spreadColumns(report.Column{Key: "each", Title: "µs a service"}),
		Rows: spreadRows(s, 2, func(name string) report.Cell {
			return report.Number(s.rounds[name].Summary().Median*1e3/fleetSize, 1)
		}),
	}
}

// callTable is about the library.
func (b *bench) callTable(ours, fleets []*site) report.Table {
	acts, end := b.calls(ours, fleets)
	defer end()
	s := b.interleave(acts, 200)
	each := func(name string) float64 { return s.rounds[name].Summary().Median / fleetSize }
	return report.Table{
		Name: "control", Title: "a Go program asks a live supervise, µs",
		Goals: append(
			s.beforeGoals(""),
			goal(fmt.Sprintf("round trip over the queue within %.0f µs", roundTripGoal), s.rounds[roundTrip].Summary().Median, roundTripGoal, "%.1f µs"),
			goal(fmt.Sprintf("board read within %.0f µs a service", boardGoal), each(boardOfAll), boardGoal, "%.3f µs"),
		),
		Columns: spreadColumns(report.Column{Key: "each", Title: "a service"}),
		Rows: spreadRows(s, 1, func(name string) report.Cell {
			if now := strings.TrimSuffix(name, before); now == statusOfAll || now == boardOfAll {
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
		Goals: append(s.beforeGoals(""),
			goal(fmt.Sprintf("%s at most %.1fx of %s", superviseLetter, letterGoal, runitLetter), s.ratio(superviseLetter, runitLetter), letterGoal, "%.2fx")),
		Columns: spreadColumns(report.Column{Key: "ratio", Title: "of runit"}),
		Rows:    spreadRows(s, 1, func(name string) report.Cell { return report.Ratio(s.ratio(name, runitLetter)) }),
	}
}

// forwardTable is about a signal to supervise run that its rules pass on.
func (b *bench) forwardTable(ours []*site) report.Table {
	var acts []act
	for _, s := range ours {
		acts = append(acts, act{superviseRun + s.release.suffix, s, func() (float64, error) {
			pause(500 * time.Microsecond) // all are asleep again
			return signalOnce(s.child, syscall.SIGUSR1)
		}})
	}
	s := b.interleave(acts, 400)
	return report.Table{
		Name: "control", Title: "SIGUSR1 from kill(2) to sigtimedwait(2) in the service that it is forwarded to, µs",
		Goals: s.beforeGoals(""), Columns: spreadColumns(), Rows: spreadRows(s, 1, func(string) report.Cell { return report.Text("") }),
	}
}

// spreadColumns are the columns of all tables about control, with those of their own.
func spreadColumns(own ...report.Column) []report.Column {
	return slices.Concat([]report.Column{
		{Key: "median", Title: "p50"},
		{Key: "spread", Title: "p25-p75"},
		{Key: "p90", Title: "p90"},
		{Key: "least", Title: "least"},
	}, own, []report.Column{{Key: "n", Title: "n"}})
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
