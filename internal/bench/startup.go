package main

import (
	"fmt"
	"os"
	"syscall"

	"supervise/internal/bench/report"
	"supervise/internal/bench/stats"
)

// startupGoal is the promise of both builds, a ratio to tini.
const startupGoal = 0.6

// startup measures what a wrapper adds to the start and end of a command: `X -- true`.
func (b *bench) startup() []report.Table {
	all := append([]contestant{{name: bare}}, b.wrappers()...)
	s := seriesOf(all)
	for round := range b.rounds {
		for i := range b.count(60) + 2 {
			for _, c := range shuffled(all, s) {
				ms, err := once(append(c.argv, b.trueCmd))
				if err != nil {
					s.fail(c.name, err)
					continue
				}
				if i >= 2 { // the first ones warm the caches
					s.rounds[c.name].Add(round, ms)
				}
			}
		}
	}
	table := report.Table{
		Name: "startup", Title: "process start to exit of `X -- true`, ms",
		Columns: []report.Column{
			{Key: "median", Title: "median"},
			{Key: "spread", Title: "p25-p75"},
			{Key: "p90", Title: "p90"},
			{Key: "over", Title: "over none"},
			{Key: "tini", Title: "of tini"},
			{Key: "n", Title: "n"},
		},
		Goals: append(s.beforeGoals(""),
			goal(fmt.Sprintf("%s at most %.2fx of %s", supervise, startupGoal, tini), s.ratio(supervise, tini), startupGoal, "%.2fx"),
			goal(fmt.Sprintf("%s at most %.2fx of %s", slim, startupGoal, tini), s.ratio(slim, tini), startupGoal, "%.2fx"),
		),
		Rows: s.rows(func(name string, samples stats.Rounds) map[string]report.Cell {
			sum := samples.Summary()
			return map[string]report.Cell{
				"median": report.Median(sum, 2), "spread": report.Spread(sum, 2), "p90": report.Number(sum.P90, 2),
				"over": report.Number(sum.Median-s.rounds[bare].Summary().Median, 2),
				"tini": report.Ratio(s.ratio(name, tini)), "n": report.Number(float64(sum.Count), 0),
			}
		}),
	}
	return []report.Table{table}
}

// once starts a program, waits for its end and returns the milliseconds between.
func once(argv []string) (ms float64, err error) {
	start := now()
	pid, err := syscall.ForkExec(argv[0], argv, &syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{0, 1, 2}})
	if err != nil {
		return 0, fmt.Errorf("cannot start %s: %w", argv[0], err)
	}
	var status syscall.WaitStatus
	for {
		if _, err = syscall.Wait4(pid, &status, 0, nil); err != syscall.EINTR {
			break
		}
	}
	ms = float64(now()-start) / 1e6
	if err != nil {
		return 0, os.NewSyscallError("wait4", err)
	}
	if status.ExitStatus() != 0 {
		return 0, fmt.Errorf("%s ended with %v", argv[0], status)
	}
	return ms, nil
}
