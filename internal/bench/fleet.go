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
	fleetSize    = 500
	fleetUpGoal  = 1.3 // of bare fork+exec
	fleetPSSGoal = 8.0 // MiB
	deepGoal     = 1.3 // of the same without conditions
)

// fleet measures many services at once: until all are up, what the processes that
// supervise them need, and until all are down.
func (b *bench) fleet() []report.Table {
	all := b.managers()
	var order []string
	run := map[string]func() (fleetCost, error){forkExec: b.bareFleet, forkExecCgroup: b.cgroupFleet}
	if !b.oursOnly {
		order = []string{forkExec, forkExecCgroup}
	}
	for _, m := range all {
		order = append(order, m.name)
		run[m.name] = func() (fleetCost, error) { return b.fleetOf(m) }
	}
	up, memory, processes, down := newSeries(order...), newSeries(order...), newSeries(order...), newSeries(order...)
	for _, m := range all {
		up.skipped[m.name] = m.absent
	}
	rounds := b.rounds
	if b.before == "" {
		rounds = max(1, rounds/2)
	}
	for round := range rounds {
		for _, i := range rand.Perm(len(order)) {
			if !up.in(order[i]) {
				continue
			}
			got, err := run[order[i]]()
			if err != nil {
				up.fail(order[i], err)
				continue
			}
			up.rounds[order[i]].Add(round, got.up)
			down.rounds[order[i]].Add(round, got.down)
			memory.rounds[order[i]].Add(round, got.memory)
			processes.rounds[order[i]].Add(round, got.processes)
		}
	}
	return []report.Table{fleetTable(up, memory, processes, down)}
}

// fleetCost is what one run of a fleet took.
type fleetCost struct {
	up, down  float64 // ms
	memory    float64 // MiB of the supervising processes together
	processes float64 // how many these are
}

// fleetOf runs one manager with its services, up and down.
func (b *bench) fleetOf(m manager) (got fleetCost, err error) {
	r, err := b.launch(m, fleetSize)
	if err != nil {
		return got, err
	}
	defer func() {
		r.kill()
		err = errors.Join(err, sweep())
	}()
	if got.up, err = r.fifo.all(r.start); err != nil {
		return got, r.child.explain(err)
	}
	pause(time.Second)
	if got.memory, got.processes, err = b.supervising(r.child.pid); err != nil {
		return got, err
	}
	start := now()
	if err := syscall.Kill(r.child.pid, m.stop); err != nil {
		return got, os.NewSyscallError("kill", err)
	}
	if err := r.ended(); err != nil {
		return got, r.child.explain(err)
	}
	got.down = float64(now()-start) / 1e6
	return got, nil
}

// all waits until a whole fleet is up, and returns the time since start in ms.
func (f *fifo) all(start int64) (ms float64, err error) {
	deadline := time.Now().Add(patience)
	for range fleetSize {
		a, err := f.next(deadline)
		if err != nil {
			return 0, err
		}
		ms = max(ms, float64(a.time-start)/1e6)
	}
	return ms, nil
}

// supervising adds up the memory, in MiB, of a manager and of all below it but the
// services.
func (b *bench) supervising(pid int) (mib, count float64, err error) {
	all, err := proc.All()
	if err != nil {
		return 0, 0, err
	}
	tiny := b.file("tiny")
	for _, pid := range append(proc.Descendants(all, pid), pid) {
		if proc.Executable(pid) == tiny {
			continue
		}
		kib, err := proc.PSS(pid)
		if err != nil {
			return 0, 0, err
		}
		mib, count = mib+float64(kib)/1024, count+1
	}
	return mib, count, nil
}

func fleetTable(up, memory, processes, down *series) report.Table {
	mib := memory.rounds[superviseRun].Summary().Median
	return report.Table{
		Name: "fleet", Title: fmt.Sprintf("%d services: until all run, the supervising processes, until all are gone", fleetSize),
		Notes: []string{"The memory is that of all processes but the services. s6 and runit do nothing with what their services write here."},
		Goals: append(slices.Concat(up.beforeGoals(", up,"), memory.beforeGoals(", PSS,"), down.beforeGoals(", down,")),
			goal(fmt.Sprintf("%s up within %.1fx of %s", superviseRun, fleetUpGoal, forkExec), up.ratio(superviseRun, forkExec), fleetUpGoal, "%.2fx"),
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
			{Key: "n", Title: "n"},
		},
		Rows: up.rows(func(name string, samples stats.Rounds) map[string]report.Cell {
			u, d := samples.Summary(), down.rounds[name].Summary()
			cells := map[string]report.Cell{
				"up": report.Median(u, 0), "ups": report.Spread(u, 0), "ratio": report.Ratio(up.ratio(name, forkExec)),
				"down": report.Median(d, 0), "downs": report.Spread(d, 0), "n": report.Number(float64(u.Count), 0),
			}
			if name != forkExec && name != forkExecCgroup {
				cells["pss"] = report.Median(memory.rounds[name].Summary(), 1)
				cells["processes"] = report.Median(processes.rounds[name].Summary(), 0)
			}
			return cells
		}),
	}
}
