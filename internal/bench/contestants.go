package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"supervise/internal/bench/report"
	"supervise/internal/bench/stats"
)

// contestant is a wrapper: a program that runs one command and passes signals on to it.
type contestant struct {
	name     string
	argv     []string // that the command follows, below a subreaper
	init     []string // as PID 1; argv if nil
	forwards bool     // forwards signals
	absent   string   // why it is skipped

	// For the latency of signals.
	signal syscall.Signal // what is sent, SIGUSR1 if 0; SIGUSR1 arrives
	first  bool           // measured as PID 1 of a namespace
}

// The names that goals refer to.
const (
	bare      = "no wrapper"
	leastGo   = "least Go"
	tini      = "tini"
	tiniFixed = "tini-static"
	dumbInit  = "dumb-init -c"
	catatonit = "catatonit"
	supervise = "supervise init"
	slim      = "supervise-init" // the slim build
)

// peers are the inits in C that ours is compared with.
var peers = []string{tini, tiniFixed, dumbInit, catatonit}

// wrappers returns all wrappers. dumb-init is run with -c: otherwise its command alone would
// be in a session of its own, which the kernel schedules as a group (sched(7), "autogroup"),
// and signals would go to a group.
func (b *bench) wrappers() []contestant {
	if b.oursOnly {
		return found(b.ours(contestant{forwards: true}, "--"))
	}
	all := []contestant{
		{name: "least C", argv: []string{b.file("leastc")}, forwards: true},
		{name: leastGo, argv: []string{b.file("leastgo")}},
		{name: tini, argv: []string{"tini", "-s", "--"}, init: []string{"tini", "--"}, forwards: true},
		{name: tiniFixed, argv: []string{"tini-static", "-s", "--"}, init: []string{"tini-static", "--"}, forwards: true},
		{name: dumbInit, argv: []string{"dumb-init", "-c", "--"}, forwards: true},
		{name: catatonit, argv: []string{"catatonit", "--"}, forwards: true},
	}
	return found(append(all, b.ours(contestant{forwards: true}, "--")...))
}

// found finds each program.
func found(all []contestant) []contestant {
	for i := range all {
		all[i].find()
	}
	return all
}

// find looks the program up, and tries it.
func (c *contestant) find() {
	if c.init == nil {
		c.init = c.argv
	}
	file, err := exec.LookPath(c.argv[0])
	switch {
	case err != nil && c.argv[0] == filepath.Base(c.argv[0]):
		c.absent = "not installed"
		return
	case errors.Is(err, os.ErrNotExist):
		c.absent = "no C compiler"
		return
	case err != nil:
		c.absent = err.Error()
		return
	}
	c.argv, c.init = append([]string{file}, c.argv[1:]...), append([]string{file}, c.init[1:]...)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.argv[0], append(c.argv[1:], "true")...)
	if out, err := cmd.CombinedOutput(); err != nil {
		c.absent = fmt.Sprintf("it does not run: %v %s", err, out)
	}
}

// series are the samples of all contestants of one table.
type series struct {
	order   []string
	rounds  map[string]*stats.Rounds
	skipped map[string]string
}

func newSeries(names ...string) *series {
	s := &series{rounds: map[string]*stats.Rounds{}, skipped: map[string]string{}}
	for _, name := range names {
		s.order = append(s.order, name)
		s.rounds[name] = &stats.Rounds{}
	}
	return s
}

// seriesOf makes the series of a table of wrappers, of which absent ones are skipped.
func seriesOf(all []contestant) *series {
	s := newSeries()
	for _, c := range all {
		s.order = append(s.order, c.name)
		s.rounds[c.name] = &stats.Rounds{}
		if c.absent != "" {
			s.skipped[c.name] = c.absent
		}
	}
	return s
}

// fail removes a contestant from the rest of the table. The others go on.
func (s *series) fail(name string, err error) {
	s.skipped[name] = err.Error()
	progress("%s: %v", name, err)
}

// in reports whether a contestant has not failed.
func (s *series) in(name string) bool { return s.skipped[name] == "" }

// ratio compares two contestants; it is 0 if one of them has no samples.
func (s *series) ratio(name, baseline string) float64 {
	if !s.in(name) || !s.in(baseline) || s.rounds[name] == nil || s.rounds[baseline] == nil {
		return 0
	}
	return s.rounds[name].Ratio(*s.rounds[baseline])
}

// ofPeers compares a contestant with the peer for which the samples are best: the lowest, or the
// highest if more is better. It is 0 if none of them has samples.
func (s *series) ofPeers(name string, more bool) (ratio float64) {
	for _, peer := range peers {
		r := s.ratio(name, peer)
		if r != 0 && (ratio == 0 || r > ratio != more) {
			ratio = r
		}
	}
	return ratio
}

// peerGoals compares both builds with the best of the peers. what is told with it, and may be "".
func (s *series) peerGoals(what string, most float64) (goals []report.Goal) {
	for _, name := range []string{supervise, slim} {
		goals = append(goals, goal(fmt.Sprintf("%s%s at most %.2fx of the best peer in C", name, what, most), s.ofPeers(name, false), most, "%.2fx"))
	}
	return goals
}

// fasterGoals says whether both builds are at least as fast as the best of the peers, where more is
// better.
func (s *series) fasterGoals(what string) (goals []report.Goal) {
	for _, name := range []string{supervise, slim} {
		g := report.Goal{Text: name + " " + what + " at least as fast as the best peer in C"}
		if ratio := s.ofPeers(name, true); ratio != 0 {
			g.Measured, g.Met = fmt.Sprintf("%.2fx", ratio), ratio >= 1
		}
		goals = append(goals, g)
	}
	return goals
}

// rows makes a row for each contestant with the cells that fill returns.
func (s *series) rows(fill func(name string, samples stats.Rounds) map[string]report.Cell) []report.Row {
	var rows []report.Row
	for _, name := range s.order {
		row := report.Row{Name: name, Skipped: s.skipped[name]}
		if row.Skipped == "" {
			row.Cells = fill(name, *s.rounds[name])
		}
		rows = append(rows, row)
	}
	return rows
}

// shuffled returns the remaining contestants in random order, so that none profits from its
// predecessor.
func shuffled(all []contestant, s *series) []contestant {
	var in []contestant
	for _, i := range rand.Perm(len(all)) {
		if s.in(all[i].name) {
			in = append(in, all[i])
		}
	}
	return in
}

// goal says whether a number is low enough; 0 means that it was not measured.
func goal(text string, value, most float64, format string) report.Goal {
	g := report.Goal{Text: text}
	if value != 0 {
		g.Measured, g.Met = fmt.Sprintf(format, value), value <= most
	}
	return g
}
