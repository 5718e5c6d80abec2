package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"syscall"
	"time"

	"supervise/internal/bench/report"
	"supervise/internal/bench/stats"
)

// The promises for kill -9 to replacement.
const (
	restartGoal  = 1.5  // ms
	restartRatio = 1.25 // of bare fork and exec
)

// grown is the age from which on a service is not young any more: runit and s6 let a
// second pass between two starts.
const grown = 1100 * time.Millisecond

// youngLimit is how many ms the young services of one manager may take altogether.
const youngLimit = 4000

// patient is one service that is killed again and again.
type patient struct {
	name string
	kill func() (ms float64, err error)
	end  func()
}

// restart measures the time from SIGKILL to a service until its replacement runs.
func (b *bench) restart() []report.Table {
	order := []string{forkExec}
	for _, m := range b.managers() {
		order = append(order, m.name)
	}
	old, young := newSeries(order...), newSeries(order...)
	patients := b.patients(old)
	defer func() {
		for _, p := range patients {
			p.end()
		}
	}()
	for i := range b.count(60) {
		pause(grown)
		for _, at := range rand.Perm(len(patients)) { // who comes first finds the kernel's caches cold
			old.measure(i, patients[at])
		}
	}
	spent := map[string]float64{}
	for i := range b.count(300) {
		for _, at := range rand.Perm(len(patients)) {
			if p := patients[at]; old.in(p.name) && spent[p.name] < youngLimit {
				spent[p.name] += young.measure(i, p)
			}
		}
	}
	for name, why := range young.skipped {
		old.skipped[name] = why
	}
	return []report.Table{restartTable(old, young)}
}

// patients starts one service under each manager, and one under none.
func (b *bench) patients(s *series) (all []*patient) {
	p, err := b.barePatient()
	if err != nil {
		s.fail(forkExec, err)
	} else {
		all = append(all, p)
	}
	for _, m := range b.managers() {
		if m.absent != "" {
			s.skipped[m.name] = m.absent
			continue
		}
		r, err := b.launch(m, 1)
		if err != nil {
			s.fail(m.name, err)
			continue
		}
		first, err := r.fifo.next(time.Now().Add(patience))
		if err != nil {
			s.fail(m.name, r.child.explain(err))
			r.kill()
			continue
		}
		all = append(all, &patient{name: m.name, end: r.kill, kill: r.fifo.killer(first, func(int) error { return nil })})
	}
	return all
}

// barePatient is the floor: wait for the end, fork, exec.
func (b *bench) barePatient() (*patient, error) {
	f, path, err := b.newFIFO()
	if err != nil {
		return nil, err
	}
	start := func() error {
		_, err := syscall.ForkExec(b.file("tiny"), []string{"tiny", path}, &syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{0, 1, 2}})
		return err
	}
	if err := start(); err != nil {
		return nil, err
	}
	first, err := f.next(time.Now().Add(patience))
	if err != nil {
		return nil, err
	}
	replace := func(pid int) error {
		if _, err := syscall.Wait4(pid, nil, 0, nil); err != nil {
			return os.NewSyscallError("wait4", err)
		}
		return start()
	}
	return &patient{name: forkExec, end: f.close, kill: f.killer(first, replace)}, nil
}

// killer returns a function that kills the service that announced itself last, and
// returns the time that the next one was late.
func (f *fifo) killer(last announcement, replace func(pid int) error) func() (float64, error) {
	return func() (float64, error) {
		start := now()
		if err := syscall.Kill(last.pid, syscall.SIGKILL); err != nil {
			return 0, os.NewSyscallError("kill", err)
		}
		if err := replace(last.pid); err != nil {
			return 0, err
		}
		next, err := f.next(time.Now().Add(patience))
		last = next
		return float64(next.time-start) / 1e6, err
	}
}

// measure kills a patient once, unless it has failed, and returns the milliseconds.
func (s *series) measure(round int, p *patient) float64 {
	if !s.in(p.name) {
		return 0
	}
	ms, err := p.kill()
	if err != nil {
		s.fail(p.name, err)
		return 0
	}
	s.rounds[p.name].Add(round, ms)
	return ms
}

func restartOf(s *series, what string) report.Goal {
	return goal(fmt.Sprintf("%s, %s, at most %.2fx of %s", superviseRun, what, restartRatio, forkExec), s.ratio(superviseRun, forkExec), restartRatio, "%.2fx")
}

func restartTable(old, young *series) report.Table {
	worst := max(old.rounds[superviseRun].Summary().Median, young.rounds[superviseRun].Summary().Median)
	promise := goal(fmt.Sprintf("%s, no delay, within %.1f ms", superviseRun, restartGoal), worst, restartGoal, "%.2f ms")
	return report.Table{
		Name: "restart", Title: "SIGKILL to the replacement running, ms",
		Notes: []string{"runit and s6 let a second pass between two starts of a service; the others start it at once."},
		Goals: slices.Concat(old.beforeGoals(", up for 1.1 s,"), young.beforeGoals(", just started,"), []report.Goal{
			promise,
			restartOf(old, "up for 1.1 s"), restartOf(young, "just started"),
		}),
		Columns: []report.Column{
			{Key: "old", Title: "up for 1.1 s"},
			{Key: "olds", Title: "p25-p75"},
			{Key: "n", Title: "n"},
			{Key: "young", Title: "just started"},
			{Key: "youngs", Title: "p25-p75"},
			{Key: "m", Title: "n"},
		},
		Rows: old.rows(func(name string, samples stats.Rounds) map[string]report.Cell {
			o, y := samples.Summary(), young.rounds[name].Summary()
			return map[string]report.Cell{
				"old": report.Median(o, 2), "olds": report.Spread(o, 2), "ratio": report.Ratio(old.ratio(name, forkExec)), "n": report.Number(float64(o.Count), 0),
				"young": report.Median(y, 2), "youngs": report.Spread(y, 2), "m": report.Number(float64(y.Count), 0),
			}
		}),
	}
}
