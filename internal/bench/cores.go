package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"supervise/internal/bench/report"
	"supervise/internal/bench/role"
	"supervise/internal/bench/stats"
)

// corePattern is the machine's: it can be set to a socket only from the initial mount
// namespace, and says the same in all.
const corePattern = "/proc/sys/kernel/core_pattern"

// onlyAlone is why cores are not measured with the rest.
const onlyAlone = "sets core_pattern, outside of namespaces: measured by -only cores, as root"

// The sizes of the processes that crash, in MB.
const (
	slightMB = 50
	heavyMB  = 700
)

// coreGoal is the promise for crash to replacement, as a part of what it is with a pipe
// handler that reads all of the core.
const coreGoal = 1.0 / 20

// collecting is one way of taking cores.
type collecting struct {
	name    string
	pattern string // of core_pattern; "" if supervise sets it
	core    string // of the configuration: table [core]
	limit   string // and of the service: RLIMIT_CORE
}

const (
	coresNone = "no core"
	coresMini = "supervise, capture mini"
	coresOurs = "supervise, capture mini+full"
	coresPipe = "a pipe handler that reads it all"
	coresFile = "the kernel's file"
)

func (b *bench) collectings() []collecting {
	table := func(capture string) string {
		return fmt.Sprintf("[core]\ninstall = true\nforce = true\ndirectory = %q\ncapture = %q\ncompress = \"none\"\nkeep-free = 0\n", b.file("cores"), capture)
	}
	return []collecting{
		{coresNone, b.file("core") + ".%p", "", "0"},
		{coresMini, "", table("mini"), `"unlimited"`},
		{coresOurs, "", table("mini+full"), `"unlimited"`},
		{coresPipe, "|/bin/dd of=" + b.file("core") + " bs=64k status=none", "", `"unlimited"`},
		{coresFile, b.file("core") + ".%p", "", `"unlimited"`},
	}
}

// cores measures the time from the crash of a service to its replacement running.
func (b *bench) cores() []report.Table {
	all := b.collectings()
	var names []string
	for _, c := range all {
		names = append(names, c.name)
	}
	slight, heavy := newSeries(names...), newSeries(names...)
	table := coresTable(slight, heavy)
	if os.Getpid() == 1 || os.Geteuid() != 0 {
		table.Skipped = onlyAlone
		return []report.Table{table}
	}
	before, err := os.ReadFile(corePattern)
	if err != nil {
		table.Skipped = err.Error()
		return []report.Table{table}
	}
	defer func() {
		if err := os.WriteFile(corePattern, before, 0); err != nil {
			progress("core_pattern is not put back: %v", err)
		}
	}()
	for round := range b.count(10) {
		for _, c := range all {
			for _, s := range []struct {
				*series
				mb int
			}{{slight, slightMB}, {heavy, heavyMB}} {
				if !s.in(c.name) {
					continue
				}
				ms, err := b.crash(c, s.mb)
				if err != nil {
					s.fail(c.name, err)
					continue
				}
				s.rounds[c.name].Add(round, ms)
			}
		}
	}
	for name, why := range heavy.skipped {
		slight.skipped[name] = why
	}
	return []report.Table{coresTable(slight, heavy)}
}

// crash runs a service of so many MB, has it crash, and returns the ms until its replacement
// runs.
func (b *bench) crash(c collecting, mb int) (ms float64, err error) {
	if c.pattern != "" {
		if err := os.WriteFile(corePattern, []byte(c.pattern), 0); err != nil {
			return 0, err
		}
	}
	r, err := b.launch(manager{name: superviseRun, stop: syscall.SIGTERM, arrange: c.arrange(mb)}, 1)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, b.endCrash(r)) }()
	var a announcement
	for range 2 { // it runs, and has its memory
		if a, err = r.fifo.next(time.Now().Add(patience)); err != nil {
			return 0, r.child.explain(err)
		}
	}
	start := now()
	if err := syscall.Kill(a.pid, syscall.SIGSEGV); err != nil {
		return 0, os.NewSyscallError("kill", err)
	}
	next, err := r.fifo.next(time.Now().Add(patience))
	return float64(next.time-start) / 1e6, err
}

// endCrash stops supervise, so that it puts back core_pattern, and removes the cores.
func (b *bench) endCrash(r *running) error {
	err := syscall.Kill(r.child.pid, syscall.SIGTERM)
	if err == nil {
		err = r.ended([]int{r.child.pid})
	}
	r.kill()
	left, _ := filepath.Glob(b.file("core*"))
	for _, path := range left {
		err = errors.Join(err, os.RemoveAll(path))
	}
	return err
}

// arrange writes a configuration with one service of so many MB.
func (c collecting) arrange(mb int) func(*bench, string, int) ([]string, error) {
	return func(b *bench, dir string, _ int) ([]string, error) {
		var text strings.Builder
		fmt.Fprintf(&text, "[supervisor]\nruntime-dir = %q\n%s\n[service.bulky]\ncommand = [%q, %q, \"bulky\", %q, \"%d\"]\n",
			filepath.Join(dir, "run"), c.core, b.self, role.Name, filepath.Join(dir, "announce"), mb)
		fmt.Fprintf(&text, "restart = { policy = \"always\", delay = \"0s\" }\ncore = { limit = %s }\n", c.limit)
		file := filepath.Join(dir, "services.toml")
		return []string{b.releases()[0].full, "run", "--log-level", "warn", file}, os.WriteFile(file, []byte(text.String()), 0o600)
	}
}

func coresTable(slight, heavy *series) report.Table {
	return report.Table{
		Name: "cores", Title: "a service crashes: ms until its replacement runs",
		Notes: []string{
			"With mini+full the full core is written meanwhile; a pipe handler and the kernel's file hold up the replacement until they have it.",
		},
		Goals: []report.Goal{goal(
			fmt.Sprintf("%s at %d MB, at most a twentieth of %s", coresOurs, heavyMB, coresPipe),
			heavy.ratio(coresOurs, coresPipe), coreGoal, "%.3f",
		)},
		Columns: []report.Column{
			{Key: "slight", Title: fmt.Sprintf("%d MB", slightMB)},
			{Key: "slights", Title: "p25-p75"},
			{Key: "heavy", Title: fmt.Sprintf("%d MB", heavyMB)},
			{Key: "heavys", Title: "p25-p75"},
			{Key: "ratio", Title: "x no core"},
			{Key: "n", Title: "n"},
		},
		Rows: slight.rows(func(name string, samples stats.Rounds) map[string]report.Cell {
			l, h := samples.Summary(), heavy.rounds[name].Summary()
			return map[string]report.Cell{
				"slight": report.Median(l, 1), "slights": report.Spread(l, 1), "heavy": report.Median(h, 1), "heavys": report.Spread(h, 1),
				"ratio": report.Ratio(heavy.ratio(name, coresNone)), "n": report.Number(float64(h.Count), 0),
			}
		}),
	}
}
