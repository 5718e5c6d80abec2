package main

import (
	"fmt"
	"strconv"
	"time"

	"supervise/internal/bench/proc"
	"supervise/internal/bench/report"
	"supervise/internal/bench/role"
	"supervise/internal/bench/stats"
)

// asInit is why a table that needs PID 1 is skipped.
const asInit = "making PID namespaces needs root"

// The numbers of orphans and zombies.
const (
	zombiesAtOnce = 5000
	singleOrphans = 1000
	bursts        = 3 // in each round
)

// reaped is what reaping cost one PID 1.
type reaped struct {
	rates  [bursts]float64 // zombies a second, in thousands
	cpu    float64         // ms of processor time for the single orphans
	before int64           // memory in KiB
	after  int64           // when all have been reaped
}

// reaping makes each wrapper PID 1, and lets it reap.
func (b *bench) reaping() []report.Table {
	table := report.Table{
		Name: "reaping", Title: fmt.Sprintf("PID 1 reaps %d zombies at once, k/s, and %d orphans one by one, ms of its processor time", zombiesAtOnce, singleOrphans),
		Columns: []report.Column{
			{Key: "rate", Title: "k/s"},
			{Key: "rates", Title: "p25-p75"},
			{Key: "tini", Title: "of tini"},
			{Key: "cpu", Title: "cpu ms"},
			{Key: "cpus", Title: "p25-p75"},
			{Key: "before", Title: "PSS KiB"},
			{Key: "after", Title: "after 16,000"},
			{Key: "n", Title: "n"},
		},
	}
	if !b.init {
		table.Skipped = asInit
		return []report.Table{table}
	}
	all := b.wrappers()
	rate, cpu, before, after := seriesOf(all), seriesOf(all), seriesOf(all), seriesOf(all)
	for round := range max(1, b.rounds/2) {
		for _, c := range shuffled(all, rate) {
			got, err := b.reap(c)
			if err != nil {
				rate.fail(c.name, err)
				continue
			}
			for _, r := range got.rates {
				rate.rounds[c.name].Add(round, r)
			}
			cpu.rounds[c.name].Add(round, got.cpu)
			before.rounds[c.name].Add(round, float64(got.before))
			after.rounds[c.name].Add(round, float64(got.after))
		}
	}
	table.Goals = append(cpu.beforeGoals(", processor time,"), cpu.peerGoals(", processor time of orphans one by one,", 1)...)
	table.Goals = append(table.Goals, rate.fasterGoals("reaps zombies at once")...)
	table.Rows = rate.rows(func(name string, samples stats.Rounds) map[string]report.Cell {
		sum, cpus := samples.Summary(), cpu.rounds[name].Summary()
		return map[string]report.Cell{
			"rate": report.Median(sum, 1), "rates": report.Spread(sum, 1), "tini": report.Ratio(rate.ratio(name, tini)),
			"cpu": report.Median(cpus, 1), "cpus": report.Spread(cpus, 1),
			"before": report.Median(before.rounds[name].Summary(), 0), "after": report.Median(after.rounds[name].Summary(), 0),
			"n": report.Number(float64(sum.Count), 0),
		}
	})
	return []report.Table{table}
}

// reap makes one wrapper reap everything once.
func (b *bench) reap(c contestant) (got reaped, err error) {
	p, err := b.startInit(append(c.init, b.self, role.Name, "orphans")...)
	if err != nil {
		return got, err
	}
	defer p.kill()
	if line, err := p.line(); err != nil || line != "ready" {
		return got, fmt.Errorf("the maker of orphans said %q: %w", line, err)
	}
	if got.before, err = proc.PSS(p.pid); err != nil {
		return got, err
	}
	cpuBefore, err := proc.CPU(p.pid)
	if err != nil {
		return got, err
	}
	if _, err := p.time("single", singleOrphans); err != nil {
		return got, err
	}
	cpuAfter, err := proc.CPU(p.pid)
	if err != nil {
		return got, err
	}
	for i := range got.rates {
		took, err := p.time("zombies", zombiesAtOnce)
		if err != nil {
			return got, err
		}
		got.rates[i] = zombiesAtOnce / took.Seconds() / 1e3
	}
	got.after, err = proc.PSS(p.pid)
	got.cpu = (cpuAfter - cpuBefore).Seconds() * 1e3
	return got, err
}

// time has the maker of orphans do something, and returns how long it took.
func (c *child) time(what string, n int) (time.Duration, error) {
	answer, err := c.ask(what + " " + strconv.Itoa(n))
	if err != nil {
		return 0, err
	}
	ns, err := strconv.ParseInt(answer, 10, 64)
	return time.Duration(ns), err
}
