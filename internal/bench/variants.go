package main

import (
	"syscall"

	"supervise/internal/bench/report"
)

// variants measures the latency of signals where each takes a decision, and as PID 1.
func (b *bench) variants() []report.Table {
	const usr2 = syscall.SIGUSR2
	wrappers := b.wrappers()
	tables := []report.Table{
		b.variant("to the command's whole process group", found(append([]contestant{
			{name: tini, argv: []string{"tini", "-s", "-g", "--"}},
			{name: "dumb-init", argv: []string{"dumb-init", "--"}},
			{name: "catatonit", argv: []string{"catatonit", "-g", "--"}},
		}, b.ours(contestant{}, "-g", "--")...)), "dumb-init's command is in a session of its own, which the kernel schedules as a group of its own."),
		b.variant("rewritten from SIGUSR2", found(append([]contestant{
			{name: "dumb-init -c", argv: []string{"dumb-init", "-c", "-r", "12:10", "--"}, signal: usr2},
		}, b.ours(contestant{signal: usr2}, "--rewrite", "12:10", "--")...)), "tini and catatonit rewrite nothing."),
	}
	if !b.init {
		return append(tables, report.Table{Name: "variants", Title: "in a PID namespace", Skipped: asInit})
	}
	var first []contestant
	for _, c := range wrappers {
		if c.forwards {
			c.first = true
			first = append(first, c)
		}
	}
	return append(tables, b.variant("as PID 1 of a PID namespace", first, "The sender is outside of it."))
}

// variant measures one table.
func (b *bench) variant(title string, all []contestant, note string) report.Table {
	s := seriesOf(all)
	for round := range b.rounds {
		if err := b.latencyRound(all, s, round, false); err != nil {
			return report.Table{Name: "variants", Title: title, Skipped: err.Error()}
		}
	}
	table := latencyTable(s, false)
	table.Name, table.Title, table.Notes = "variants", "the same, "+title+", µs", []string{note}
	if _, compared := s.rounds[tini]; !compared {
		table.Goals = s.beforeGoals("")
	}
	return table
}
