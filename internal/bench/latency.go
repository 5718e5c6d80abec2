package main

import (
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"supervise/internal/bench/report"
	"supervise/internal/bench/stats"
)

// forwardGoal is the promise of both builds, a ratio to the quickest peer.
const forwardGoal = 0.95

// latency measures the time from before kill(2) in the sender to after sigtimedwait(2) in
// the command, with a wrapper between them: once as the kernel places the processes, and
// once all on one processor, which takes the placement out of it.
func (b *bench) latency() []report.Table {
	all := []contestant{{name: bare, forwards: true}}
	for _, c := range b.wrappers() {
		if !c.forwards && c.absent == "" {
			c.absent = "it forwards nothing"
		}
		all = append(all, c)
	}
	var tables []report.Table
	for _, pinned := range []bool{false, true} {
		s := seriesOf(all)
		for round := range b.rounds {
			if err := b.latencyRound(all, s, round, pinned); err != nil {
				return append(tables, report.Table{Name: "latency", Title: "signal latency", Skipped: err.Error()})
			}
		}
		tables = append(tables, latencyTable(s, pinned))
	}
	return tables
}

// latencyRound starts all contestants, and sends to each in turns.
func (b *bench) latencyRound(all []contestant, s *series, round int, pinned bool) error {
	if pinned {
		unpin, err := pin()
		if err != nil {
			return err
		}
		defer unpin()
	}
	children := map[string]*child{}
	defer func() {
		for _, c := range children {
			c.kill()
		}
	}()
	for _, c := range shuffled(all, s) {
		r, err := b.startReceiver(c)
		if err != nil {
			s.fail(c.name, err)
			continue
		}
		children[c.name] = r
	}
	for i := range b.count(400) + 10 {
		for _, c := range shuffled(all, s) {
			pause(200 * time.Microsecond) // all are asleep again
			us, err := signalOnce(children[c.name], c.signal)
			if err != nil {
				s.fail(c.name, err)
				continue
			}
			if i >= 10 {
				s.rounds[c.name].Add(round, us)
			}
		}
	}
	return nil
}

// signalOnce sends one signal, SIGUSR1 if it is 0, and returns the microseconds until it
// arrived as SIGUSR1.
func signalOnce(c *child, signal syscall.Signal) (us float64, err error) {
	var buffer [recordSize]byte
	if signal == 0 {
		signal = syscall.SIGUSR1
	}
	start := now()
	if err := syscall.Kill(c.pid, signal); err != nil {
		return 0, os.NewSyscallError("kill", err)
	}
	if err := c.read(buffer[:]); err != nil {
		return 0, err
	}
	r := parseRecord(buffer[:])
	if r.signal != int32(syscall.SIGUSR1) {
		return 0, fmt.Errorf("signal %d arrived instead of SIGUSR1", r.signal)
	}
	return float64(r.time-start) / 1e3, nil
}

// pin binds this thread, and all that it starts, to the last processor that it may use.
func pin() (unpin func(), err error) {
	var before, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return nil, os.NewSyscallError("sched_getaffinity", err)
	}
	for cpu := len(before)*64 - 1; cpu >= 0; cpu-- {
		if before.IsSet(cpu) {
			one.Set(cpu)
			break
		}
	}
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		return nil, os.NewSyscallError("sched_setaffinity", err)
	}
	return func() { _ = unix.SchedSetaffinity(0, &before) }, nil
}

func latencyTable(s *series, pinned bool) report.Table {
	table := report.Table{
		Name: "latency", Title: "SIGUSR1 from kill(2) to sigtimedwait(2) in the command, µs, placed by the kernel",
		Columns: []report.Column{
			{Key: "median", Title: "p50"},
			{Key: "spread", Title: "p25-p75"},
			{Key: "p90", Title: "p90"},
			{Key: "p99", Title: "p99"},
			{Key: "tini", Title: "of tini"},
			{Key: "n", Title: "n"},
		},
		Rows: s.rows(func(name string, samples stats.Rounds) map[string]report.Cell {
			sum := samples.Summary()
			return map[string]report.Cell{
				"median": report.Median(sum, 1), "spread": report.Spread(sum, 1), "p90": report.Number(sum.P90, 1), "p99": report.Number(sum.P99, 1),
				"tini": report.Ratio(s.ratio(name, tini)), "n": report.Number(float64(sum.Count), 0),
			}
		}),
	}
	if pinned {
		table.Title = "the same with sender, wrapper and command on one processor, µs"
	}
	table.Notes = []string{"All are in one session, and signals go to the command alone: dumb-init is run with -c for that."}
	table.Goals = append(s.beforeGoals(""), s.peerGoals("", forwardGoal)...)
	return table
}
