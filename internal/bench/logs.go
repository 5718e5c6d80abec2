package main

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"supervise/internal/bench/proc"
	"supervise/internal/bench/report"
	"supervise/internal/bench/role"
	"supervise/internal/bench/stats"
)

// The goals for logs: of the best peer, of the program that is named, or of the build before.
//
// Of lineGoal the kernel leaves 1.1x to 1.3x. The writer is the limit, not who reads: a write(2)
// of 100 bytes into a pipe that was never polled takes 0.32 µs, which is 310 MB/s, also if nobody
// waits and the reader only reads and throws away. Once a pipe was polled, by poll(2) or epoll(7),
// pipe_write goes through its wait queue for each write, not only for the first one after it was
// empty (poll_usage in fs/pipe.c, never reset): 0.39 µs, 260 MB/s, with nobody in the queue; 0.45
// µs, 220 MB/s, with an entry of epoll in it, even a one-shot that is spent; the same with an
// entry of inotify(7) on the pipe instead. That is of a writer in C; the one here is a little slower.
// supervisord polls, too, and does 200 MB/s. A supervisor
// of many services has to wait for all of their pipes at once, and so to poll them.
//
// blockGoal is a matter of the reader: of its time 45 % is ext4's write, 25 % the read, and 10 %
// to remove rotated files, which cat does not do. In C, read and write with a pipe of 512 KiB, and
// nothing else, do 1.1x to 1.3x of cat; splice(2) by way of a second pipe does 1.4x, but not into a
// file that is open for appending, as a log has to be that others may truncate or write to.
const (
	slowGoal         = 1.0 // processor time and wake-ups, of the best peer
	latestGoal       = 20  // ms
	lineGoal         = 1.4 // MB/s of supervisord, a line a write
	blockGoal        = 1.2 // MB/s of cat, 64 KiB a write
	blockCPUGoal     = 0.5 // processor time of before, 64 KiB a write
	manyServicesGoal = 2.0 // MB/s of supervisord, many services
	stampGoal        = 2.5 // MB/s of s6-log t, 64 KiB a write
)

// load is what services write.
type load struct {
	key, title  string
	count       int // services
	total, size int // bytes of each, and of a write
	rate        int // lines a second of each; 0 is at full speed
}

func (b *bench) fastLoads() []load {
	mb := b.count(10) * 50_000_000
	return []load{
		{key: "blocks", title: "64 KiB a write", count: 1, total: mb, size: 64 << 10},
		{key: "lines", title: "a line a write", count: 1, total: mb / 4, size: role.LineSize},
		{key: "many", title: "50 services", count: 50, total: mb / 25, size: 64 << 10},
	}
}

func (b *bench) slowLoads() []load {
	lines := b.count(5000)
	return []load{
		{key: "one", title: "of one", count: 1, total: lines * role.LineSize, rate: 1000},
		{key: "many", title: "of 50", count: 50, total: lines / 50 * role.LineSize, rate: 20},
	}
}

// logCost is what one run of a load took.
type logCost struct {
	speed   float64 // MB/s
	cpu     float64 // of the loggers: s/GB, or ms/s of a slow load
	wakeups float64 // of the loggers, a second
	latest  float64 // ms from the write of a line until it could be read in the file, at the most
}

// logSeries are the numbers of all loggers for one load.
type logSeries struct{ speed, cpu, wakeups, latest *series }

// logCosts has services write, and measures what writes it into files.
func (b *bench) logCosts(loads []load) map[string]logSeries {
	all := b.loggers()
	var order []string
	for _, l := range all {
		order = append(order, l.name)
	}
	got := map[string]logSeries{}
	for _, load := range loads {
		got[load.key] = logSeries{newSeries(order...), newSeries(order...), newSeries(order...), newSeries(order...)}
		for _, l := range all {
			got[load.key].speed.skipped[l.name] = l.absent
		}
	}
	for round := range b.rounds {
		for _, load := range loads {
			for _, i := range rand.Perm(len(all)) {
				s, name := got[load.key], all[i].name
				if !s.speed.in(name) {
					continue
				}
				cost, err := b.logCost(all[i], load)
				if err != nil {
					s.speed.fail(name, err)
					continue
				}
				s.speed.rounds[name].Add(round, cost.speed)
				s.cpu.rounds[name].Add(round, cost.cpu)
				s.wakeups.rounds[name].Add(round, cost.wakeups)
				s.latest.rounds[name].Add(round, cost.latest)
			}
		}
	}
	return got
}

// logCost runs one load.
func (b *bench) logCost(l logger, load load) (got logCost, err error) {
	t, err := b.talk(l, load.count, load.total, load.size, load.rate)
	if t != nil {
		defer func() {
			if text, _ := os.ReadFile(t.errors()); err != nil && len(text) > 0 {
				err = fmt.Errorf("%w (%.200s)", err, text)
			}
			err = errors.Join(err, t.close())
		}()
	}
	if err != nil {
		return got, err
	}
	if err := t.heard(); err != nil {
		return got, err
	}
	pause(200 * time.Millisecond)
	cpu, wakeups := t.spent()
	start := now()
	release, err := unix.Open(t.start(), unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return got, os.NewSyscallError("open", err)
	}
	defer unix.Close(release)
	if load.rate > 0 && load.count == 1 {
		got.latest, err = t.latest(load.total)
	}
	if err == nil {
		err = t.heard()
	}
	if err == nil {
		err = t.written()
	}
	if err != nil {
		return got, err
	}
	took := float64(now()-start) / 1e9
	cpu2, wakeups2 := t.spent()
	bytes := float64(load.total * load.count)
	got.speed, got.wakeups = bytes/1e6/took, (wakeups2-wakeups)/took
	if got.cpu = (cpu2 - cpu) / (bytes / 1e9); load.rate > 0 {
		got.cpu = (cpu2 - cpu) * 1e3 / took
	}
	return got, nil
}

// heard waits until every service has announced itself, or its end.
func (t *talkers) heard() error {
	deadline := time.Now().Add(patience)
	for range t.count {
		if _, err := t.fifo.next(deadline); err != nil {
			return err
		}
	}
	return nil
}

// spent returns the seconds that the loggers have used of a processor, and how often they were
// woken.
func (t *talkers) spent() (seconds, wakeups float64) {
	for _, pid := range t.loggers {
		cpu, _ := proc.CPU(pid)
		voluntary, _, _ := proc.Switches(pid)
		seconds, wakeups = seconds+cpu.Seconds(), wakeups+float64(voluntary)
	}
	return seconds, wakeups
}

// written waits until the last line of every service is in a file of its: not always the
// current one, which some rotate as soon as it is full.
func (t *talkers) written() error {
	deadline := time.Now().Add(patience)
	for i := range t.count {
		for !ended(logDir(t.dir, i)) {
			if time.Now().After(deadline) {
				return fmt.Errorf("the last line of service %d is not in its files", i)
			}
			pause(200 * time.Microsecond)
		}
	}
	return nil
}

func ended(dir string) bool {
	last := bytes.Repeat([]byte{role.LastLine}, role.LineSize/2)
	files, _ := os.ReadDir(dir)
	for _, file := range files {
		if text, _ := tail(filepath.Join(dir, file.Name())); bytes.Contains(text, last) {
			return true
		}
	}
	return false
}

// tail returns the end of a file.
func tail(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	buffer := make([]byte, 4*role.LineSize)
	n, err := f.ReadAt(buffer, max(0, st.Size()-int64(len(buffer))))
	return buffer[:n], err
}

// latest reads the file as it grows, a look a millisecond, and returns how long the line took
// that took the longest to come, in ms.
func (t *talkers) latest(total int) (ms float64, err error) {
	f, err := os.Open(filepath.Join(logDir(t.dir, 0), t.file))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var rest []byte
	buffer := make([]byte, 64<<10)
	deadline := time.Now().Add(patience)
	for lines := 0; lines < total/role.LineSize; {
		if time.Now().After(deadline) {
			return 0, fmt.Errorf("%d lines of %d are in the file: %w", lines, total/role.LineSize, errSilent)
		}
		pause(time.Millisecond)
		n, _ := f.Read(buffer)
		seen := now()
		rest = append(rest, buffer[:n]...)
		for {
			line, after, whole := bytes.Cut(rest, []byte{'\n'})
			if !whole {
				break
			}
			rest = after
			if at, ok := written(line); ok {
				ms = max(ms, float64(seen-at)/1e6)
				lines++
			}
		}
	}
	return ms, nil
}

// written returns the time in a line of a slow service: 16 digits right before an x.
func written(line []byte) (ns int64, ok bool) {
	end := bytes.IndexByte(line, 'x')
	if end < 16 {
		return 0, false
	}
	var b [8]byte
	if _, err := hex.Decode(b[:], line[end-16:end]); err != nil {
		return 0, false
	}
	for _, c := range b {
		ns = ns<<8 | int64(c)
	}
	return ns, true
}

// best compares supervise with the best of others, the stamped ones aside.
func (s *series) best(name string) (ratio float64) {
	for _, peer := range []string{catLog, "s6-log", "multilog", superLog} {
		ratio = max(ratio, s.ratio(name, peer))
	}
	return ratio
}

// atLeast is goal for what is to be high.
func atLeast(what, peer string, value, least float64) report.Goal {
	g := report.Goal{Text: fmt.Sprintf("%s at least %.1fx of %s", what, least, peer)}
	if value != 0 {
		g.Measured, g.Met = fmt.Sprintf("%.2fx", value), value >= least
	}
	return g
}

// logs has services write as fast as they can.
func (b *bench) logs() []report.Table {
	loads := b.fastLoads()
	got := b.logCosts(loads)
	blocks, lines, many := got["blocks"], got["lines"].speed, got["many"].speed
	table := report.Table{
		Name: "logs", Title: "lines of 100 bytes at full speed, into files that are rotated",
		Notes: []string{"Processor time is that of what writes the files: with supervise and supervisord that is also the supervisor."},
		Goals: []report.Goal{
			atLeast(superviseRun+", a line a write,", superLog, lines.ratio(superviseRun, superLog), lineGoal),
			atLeast(superviseRun+", 64 KiB a write,", catLog, blocks.speed.ratio(superviseRun, catLog), blockGoal),
			atLeast(superviseRun+", 50 services,", superLog, many.ratio(superviseRun, superLog), manyServicesGoal),
			atLeast(superviseJSON+", 64 KiB a write,", stampedLog, blocks.speed.ratio(superviseJSON, stampedLog), stampGoal),
			goal(
				fmt.Sprintf("%s, 64 KiB a write, processor time at most %.1fx of before", superviseRun, blockCPUGoal),
				blocks.cpu.ratio(superviseRun, superviseRun+before), blockCPUGoal, "%.2fx",
			),
		},
	}
	for _, l := range loads {
		table.Columns = append(
			table.Columns, report.Column{Key: l.key, Title: l.title + " MB/s"},
			report.Column{Key: l.key + "s", Title: "p25-p75"}, report.Column{Key: l.key + "cpu", Title: "CPU s/GB"},
		)
	}
	table.Rows = blocks.speed.rows(func(name string, _ stats.Rounds) map[string]report.Cell {
		cells := map[string]report.Cell{}
		for _, l := range loads {
			mb := got[l.key].speed.rounds[name].Summary()
			cells[l.key], cells[l.key+"s"] = report.Median(mb, 0), report.Spread(mb, 0)
			cells[l.key+"cpu"] = report.Median(got[l.key].cpu.rounds[name].Summary(), 2)
		}
		return cells
	})
	return []report.Table{table}
}

// slowLogs has them write a thousand lines a second.
func (b *bench) slowLogs() []report.Table {
	loads := b.slowLoads()
	got := b.logCosts(loads)
	one := got["one"]
	table := report.Table{
		Name: "slow-logs", Title: "1000 lines a second, of one service and of 50 together",
		Notes: []string{"The latest line: from its write until it could be read in the file, which was looked at every millisecond."},
		Goals: []report.Goal{
			goal(fmt.Sprintf("%s, processor time at most %.1fx of the best peer", superviseRun, slowGoal), one.cpu.best(superviseRun), slowGoal, "%.2fx"),
			goal(fmt.Sprintf("%s, wake-ups at most %.1fx of the best peer", superviseRun, slowGoal), one.wakeups.best(superviseRun), slowGoal, "%.2fx"),
			goal(fmt.Sprintf("%s, no line later than %d ms", superviseRun, latestGoal), one.latest.rounds[superviseRun].Summary().Median, latestGoal, "%.1f ms"),
		},
		Columns: []report.Column{{Key: "latest", Title: "latest ms"}},
	}
	for _, l := range loads {
		table.Columns = append(
			table.Columns, report.Column{Key: l.key + "cpu", Title: l.title + ": CPU ms/s"}, report.Column{Key: l.key + "wakeups", Title: "wake-ups/s"},
		)
	}
	table.Rows = one.speed.rows(func(name string, _ stats.Rounds) map[string]report.Cell {
		cells := map[string]report.Cell{"latest": report.Median(one.latest.rounds[name].Summary(), 1)}
		for _, l := range loads {
			cells[l.key+"cpu"] = report.Median(got[l.key].cpu.rounds[name].Summary(), 1)
			cells[l.key+"wakeups"] = report.Median(got[l.key].wakeups.rounds[name].Summary(), 0)
		}
		return cells
	})
	return []report.Table{table}
}
