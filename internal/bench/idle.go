package main

import (
	"fmt"
	"time"

	"supervise/internal/bench/proc"
	"supervise/internal/bench/report"
	"supervise/internal/bench/stats"
)

// idlePSS is the goal for the memory of an idle PID 1, in KiB.
const idlePSS = 200

// idle lets every wrapper be PID 1 of a command that sleeps, all at the same time, and
// looks at what they cost when nothing happens.
func (b *bench) idle() []report.Table {
	settle, watch := 3*time.Second, 10*time.Second
	if b.quick {
		settle, watch = time.Second, 3*time.Second
	}
	table := report.Table{
		Name: "idle", Title: fmt.Sprintf("an idle PID 1: memory, and wake-ups within %.0f s", watch.Seconds()),
		Columns: []report.Column{{Key: "pss", Title: "PSS KiB"}, {Key: "tables", Title: "page tables KiB"}, {Key: "wakeups", Title: "wake-ups"}, {Key: "threads", Title: "threads"}},
	}
	if !b.init {
		table.Skipped = asInit
		return []report.Table{table}
	}
	all := b.wrappers()
	pss, tables, wakeups, threads := seriesOf(all), seriesOf(all), seriesOf(all), seriesOf(all)
	children, before := map[string]*child{}, map[string]int64{}
	for _, c := range all {
		if !pss.in(c.name) {
			continue
		}
		p, err := b.startInit(append(c.init, "sleep", "3600")...)
		if err != nil {
			pss.fail(c.name, err)
			continue
		}
		defer p.kill()
		children[c.name] = p
	}
	pause(settle)
	for name, p := range children {
		before[name], _, _ = proc.Switches(p.pid)
	}
	pause(watch)
	for name, p := range children {
		after, _, err := proc.Switches(p.pid)
		kib, err2 := proc.PSS(p.pid)
		n, err3 := proc.Threads(p.pid)
		pte, err4 := proc.PageTables(p.pid)
		if err != nil || err2 != nil || err3 != nil || err4 != nil {
			pss.fail(name, fmt.Errorf("it has ended: %w", p.explain(err)))
			continue
		}
		wakeups.rounds[name].Add(0, float64(after-before[name]))
		pss.rounds[name].Add(0, float64(kib))
		tables.rounds[name].Add(0, float64(pte))
		threads.rounds[name].Add(0, float64(n))
	}
	table.Goals = pss.beforeGoals("")
	for _, name := range []string{supervise, slim} {
		kib := pss.rounds[name].Summary()
		woken := report.Goal{Text: name + " is not woken"}
		if kib.Count > 0 {
			n := wakeups.rounds[name].Summary().Median
			woken.Measured, woken.Met = fmt.Sprintf("%.0f wake-ups", n), n == 0
		}
		table.Goals = append(table.Goals, goal(fmt.Sprintf("%s at most %d KiB", name, idlePSS), kib.Median, idlePSS, "%.0f KiB"), woken)
	}
	table.Rows = pss.rows(func(name string, samples stats.Rounds) map[string]report.Cell {
		return map[string]report.Cell{
			"pss": report.Median(samples.Summary(), 0), "tables": report.Median(tables.rounds[name].Summary(), 0), "wakeups": report.Median(wakeups.rounds[name].Summary(), 0),
			"threads": report.Median(threads.rounds[name].Summary(), 0),
		}
	})
	return []report.Table{table}
}
