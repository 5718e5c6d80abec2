package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"syscall"
	"time"

	"supervise/internal/bench/proc"
	"supervise/internal/bench/report"
	"supervise/internal/bench/stats"
)

// The goals for a fleet of services.
const (
	fleetSize     = 500
	fleetUpGoal   = 1.3 // of bare fork+exec
	fleetDownGoal = 2.0 // of bare fork+exec
	fleetPSSGoal  = 8.0 // MiB
	oneDownGoal   = 0.8 // of runit
	largeSize     = 4000
	largeGoal     = 1.0 // of what each of fleetSize takes
	deepGoal      = 1.3 // of the same without conditions
)

// fleet measures many services at once, a single one, and thousands.
func (b *bench) fleet() []report.Table {
	rounds := b.rounds
	if b.before == "" {
		rounds = max(1, rounds/2)
	}
	tables := []report.Table{fleetTable(b.crowds(fleetSize, rounds, b.managers())), oneTable(b.crowds(1, b.rounds, b.managers()))}
	if !b.oursOnly {
		tables = append(tables, b.largeTable())
	}
	return tables
}

// crowds is what was measured of so many services: until all are up, what the processes that
// supervise them need, and until all are down.
type crowds struct{ up, memory, processes, down *series }

func (b *bench) crowds(size, rounds int, all []manager) crowds {
	var order []string
	run := map[string]func() (fleetCost, error){
		forkExec:       func() (fleetCost, error) { return b.bareFleet(size) },
		forkExecCgroup: func() (fleetCost, error) { return b.cgroupFleet(size) },
	}
	if !b.oursOnly {
		order = []string{forkExec, forkExecCgroup}
	}
	for _, m := range all {
		order = append(order, m.name)
		run[m.name] = func() (fleetCost, error) { return b.fleetOf(m, size) }
	}
	c := crowds{newSeries(order...), newSeries(order...), newSeries(order...), newSeries(order...)}
	for _, m := range all {
		c.up.skipped[m.name] = m.absent
	}
	for round := range rounds {
		for _, i := range rand.Perm(len(order)) {
			if !c.up.in(order[i]) {
				continue
			}
			got, err := run[order[i]]()
			if err != nil {
				c.up.fail(order[i], err)
				continue
			}
			c.up.rounds[order[i]].Add(round, got.up)
			c.down.rounds[order[i]].Add(round, got.down)
			c.memory.rounds[order[i]].Add(round, got.memory)
			c.processes.rounds[order[i]].Add(round, got.processes)
		}
	}
	return c
}

// fleetCost is what one run of a fleet took.
type fleetCost struct {
	up, down  float64 // ms
	memory    float64 // MiB of the supervising processes together
	processes float64 // how many these are
}

// fleetOf runs one manager with its services, up and down.
func (b *bench) fleetOf(m manager, size int) (got fleetCost, err error) {
	r, err := b.launch(m, size)
	if err != nil {
		return got, err
	}
	defer func() {
		r.kill()
		err = errors.Join(err, sweep())
	}()
	var services map[int]bool
	if got.up, services, err = r.fifo.all(r.start, size); err != nil {
		return got, r.child.explain(err)
	}
	pause(time.Second)
	var supervisors []int
	if got.memory, supervisors, err = supervising(r.child.pid, services); err != nil {
		return got, err
	}
	got.processes = float64(len(supervisors))
	start := now()
	if err := syscall.Kill(r.child.pid, m.stop); err != nil {
		return got, os.NewSyscallError("kill", err)
	}
	if err := r.ended(supervisors); err != nil {
		return got, r.child.explain(err)
	}
	got.down = float64(now()-start) / 1e6
	return got, nil
}

// all waits until a whole fleet is up, and returns the time since start in ms, and its pids.
func (f *fifo) all(start int64, size int) (ms float64, services map[int]bool, err error) {
	deadline := time.Now().Add(patience)
	services = map[int]bool{}
	for range size {
		a, err := f.next(deadline)
		if err != nil {
			return 0, nil, err
		}
		ms = max(ms, float64(a.time-start)/1e6)
		services[a.pid] = true
	}
	return ms, services, nil
}

// supervising adds up the memory, in MiB, of a manager and of all below it but the services, and lists
// these processes, the manager first. The services are not looked at: whoever reaps a process that
// somebody has seen in /proc pays for that.
func supervising(manager int, services map[int]bool) (mib float64, pids []int, err error) {
	for next := []int{manager}; len(next) > 0; {
		pid := next[0]
		next = next[1:]
		if services[pid] {
			continue
		}
		kib, err := proc.PSS(pid)
		if err != nil {
			return 0, nil, err
		}
		mib, pids = mib+float64(kib)/1024, append(pids, pid)
		children, err := proc.Children(pid)
		if err != nil {
			return 0, nil, err
		}
		next = append(next, children...)
	}
	return mib, pids, nil
}

func fleetTable(c crowds) report.Table {
	up, memory, processes, down := c.up, c.memory, c.processes, c.down
	mib := memory.rounds[superviseRun].Summary().Median
	return report.Table{
		Name: "fleet", Title: fmt.Sprintf("%d services: until all run, the supervising processes, until all are gone", fleetSize),
		Notes: []string{"The memory is that of all processes but the services. s6 and runit do nothing with what their services write here."},
		Goals: append(slices.Concat(up.beforeGoals(", up,"), memory.beforeGoals(", PSS,"), down.beforeGoals(", down,")),
			goal(fmt.Sprintf("%s up within %.1fx of %s", superviseRun, fleetUpGoal, forkExec), up.ratio(superviseRun, forkExec), fleetUpGoal, "%.2fx"),
			goal(fmt.Sprintf("%s down within %.1fx of %s", superviseRun, fleetDownGoal, forkExec), down.ratio(superviseRun, forkExec), fleetDownGoal, "%.2fx"),
			goal(fmt.Sprintf("%s up within %.1fx of the same without conditions", superviseDeep, deepGoal), up.ratio(superviseDeep, superviseRun), deepGoal, "%.2fx"),
			goal(fmt.Sprintf("%s below %.0f MiB", superviseRun, fleetPSSGoal), mib, fleetPSSGoal, "%.1f MiB"),
		),
		Columns: []report.Column{
			{Key: "up", Title: "up ms"},
			{Key: "ups", Title: "p25-p75"},
			{Key: "ratio", Title: "of bare"},
			{Key: "pss", Title: "PSS MiB"},
			{Key: "processes", Title: "processes"},
			{Key: "down", Title: "down ms"},
			{Key: "downs", Title: "p25-p75"},
			{Key: "downRatio", Title: "of bare"},
			{Key: "n", Title: "n"},
		},
		Rows: up.rows(func(name string, samples stats.Rounds) map[string]report.Cell {
			u, d := samples.Summary(), down.rounds[name].Summary()
			cells := map[string]report.Cell{
				"up": report.Median(u, 0), "ups": report.Spread(u, 0), "ratio": report.Ratio(up.ratio(name, forkExec)),
				"down": report.Median(d, 0), "downs": report.Spread(d, 0), "downRatio": report.Ratio(down.ratio(name, forkExec)), "n": report.Number(float64(u.Count), 0),
			}
			if name != forkExec && name != forkExecCgroup {
				cells["pss"] = report.Median(memory.rounds[name].Summary(), 1)
				cells["processes"] = report.Median(processes.rounds[name].Summary(), 0)
			}
			return cells
		}),
	}
}

// oneTable is about a fleet of one: what a manager itself needs for its start and its end.
func oneTable(c crowds) report.Table {
	return report.Table{
		Name: "fleet", Title: "one service: until it runs, until all is gone",
		Goals: append(slices.Concat(c.up.beforeGoals(", one up,"), c.down.beforeGoals(", one down,")),
			goal(fmt.Sprintf("%s down at most %.1fx of %s", superviseRun, oneDownGoal, runsvdir), c.down.ratio(superviseRun, runsvdir), oneDownGoal, "%.2fx"),
		),
		Columns: []report.Column{
			{Key: "up", Title: "up ms"},
			{Key: "ups", Title: "p25-p75"},
			{Key: "down", Title: "down ms"},
			{Key: "downs", Title: "p25-p75"},
			{Key: "n", Title: "n"},
		},
		Rows: c.up.rows(func(name string, samples stats.Rounds) map[string]report.Cell {
			u, d := samples.Summary(), c.down.rounds[name].Summary()
			return map[string]report.Cell{
				"up": report.Median(u, 1), "ups": report.Spread(u, 1), "down": report.Median(d, 1), "downs": report.Spread(d, 1),
				"n": report.Number(float64(u.Count), 0),
			}
		}),
	}
}

// largeTable compares what each of thousands of services takes with what each of hundreds does, in
// few rounds: the others are left out.
func (b *bench) largeTable() report.Table {
	ours := b.managers()[:1]
	s := newSeries()
	for round := range max(1, b.count(3)) {
		for _, size := range []int{fleetSize, largeSize} {
			c := b.crowds(size, 1, ours)
			for _, name := range []string{forkExec, superviseRun} {
				for what, of := range map[string]*series{"up": c.up, "down": c.down} {
					key := large(name, size, what)
					if s.rounds[key] == nil {
						s.rounds[key] = &stats.Rounds{}
					}
					if u := of.rounds[name].Summary(); u.Count > 0 {
						s.rounds[key].Add(round, u.Median*1e3/float64(size))
					}
					s.skipped[key] = c.up.skipped[name]
				}
			}
		}
	}
	t := report.Table{
		Name: "fleet", Title: fmt.Sprintf("%d services, each: µs until it runs, and until it is gone", largeSize),
		Columns: []report.Column{{Key: "up", Title: "up µs"}, {Key: "down", Title: "down µs"}, {Key: "n", Title: "n"}},
	}
	for _, what := range []string{"up", "down"} {
		t.Goals = append(t.Goals, goal(fmt.Sprintf("%s, each of %d at most %.1fx of each of %d, %s", superviseRun, largeSize, largeGoal, fleetSize, what),
			s.ratio(large(superviseRun, largeSize, what), large(superviseRun, fleetSize, what)), largeGoal, "%.2fx"))
	}
	for _, name := range []string{forkExec, superviseRun} {
		for _, size := range []int{fleetSize, largeSize} {
			u, d := s.rounds[large(name, size, "up")].Summary(), s.rounds[large(name, size, "down")].Summary()
			t.Rows = append(t.Rows, report.Row{
				Name: fmt.Sprintf("%s, %d", name, size), Skipped: s.skipped[large(name, size, "up")],
				Cells: map[string]report.Cell{"up": report.Median(u, 0), "down": report.Median(d, 0), "n": report.Number(float64(u.Count), 0)},
			})
		}
	}
	return t
}

func large(name string, size int, what string) string {
	return fmt.Sprintf("%s, %d, %s", name, size, what)
}
