package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"
	"unsafe"

	"supervise/internal/bench/report"
	"supervise/internal/bench/stats"
)

// queuedSignal is SIGRTMIN+6 as the C libraries count.
const queuedSignal = 40

// sustained is as many signals as take so long that how they begin does not matter.
const sustained = 20000

// quiet is how long nothing may arrive until the rest counts as lost.
const quiet = 700 * time.Millisecond

// received is the outcome of a burst of queued signals.
type received struct {
	arrived, payload, sender, ordered int
	took                              time.Duration // from the first sent to the last arrived
}

// realtime sends bursts of queued real-time signals and checks what arrives.
func (b *bench) realtime() []report.Table {
	all := []contestant{{name: bare, forwards: true}}
	for _, c := range b.wrappers() {
		if c.forwards {
			all = append(all, c)
		}
	}
	var tables []report.Table
	for _, n := range []int{2000, sustained} {
		s, rate := seriesOf(all), seriesOf(all)
		worst := map[string]received{}
		for turn := range bursts * b.rounds {
			round := turn / bursts
			for _, c := range shuffled(all, s) {
				got, err := b.burst(c, n)
				if err != nil {
					s.fail(c.name, err)
					continue
				}
				s.rounds[c.name].Add(round, float64(got.took.Microseconds())/1e3)
				rate.rounds[c.name].Add(round, float64(got.arrived)/got.took.Seconds()/1e3)
				if before, ok := worst[c.name]; !ok || got.arrived+got.payload+got.sender+got.ordered < before.arrived+before.payload+before.sender+before.ordered {
					worst[c.name] = got
				}
			}
		}
		tables = append(tables, realtimeTable(s, rate, n, worst))
	}
	return tables
}

// burst sends n signals through one wrapper as fast as sigqueue goes.
func (b *bench) burst(c contestant, n int) (got received, err error) {
	r, err := b.startReceiver(c)
	if err != nil {
		return got, err
	}
	defer r.kill()
	sent := make(chan error, 1)
	start := now()
	go func() { sent <- queue(r.pid, n) }()
	last := start
	buffer := make([]byte, recordSize)
	next := uint64(1)
	for got.arrived < n {
		if err := readable(r.out, time.Now().Add(quiet)); errors.Is(err, errSilent) {
			break
		}
		if err := r.read(buffer); err != nil {
			return got, err
		}
		info := parseRecord(buffer)
		if info.signal != queuedSignal {
			return got, fmt.Errorf("signal %d arrived", info.signal)
		}
		got.arrived++
		last = info.time
		got.count(info, n, &next)
	}
	got.took = time.Duration(last - start)
	return got, <-sent
}

// count looks at one signal: what it carries, who sent it, and whether it comes after all
// that were sent before it.
func (g *received) count(info record, n int, next *uint64) {
	if info.value >= 1 && info.value <= uint64(n) {
		g.payload++
		if info.value >= *next {
			g.ordered++
			*next = info.value + 1
		}
	}
	if info.pid == int32(os.Getpid()) {
		g.sender++
	}
}

// queue sends n signals with the values 1 to n: rt_sigqueueinfo(2), as sigqueue(3) does.
// Where the kernel has no room it waits and tries again.
func queue(pid, n int) error {
	const siQueue = -1
	deadline := time.Now().Add(patience)
	for value := 1; value <= n; {
		info := struct {
			signo, errno, code, _ int32
			pid                   int32
			uid                   uint32
			value                 uint64
			_                     [96]byte
		}{signo: queuedSignal, code: siQueue, pid: int32(os.Getpid()), uid: uint32(os.Getuid()), value: uint64(value)}
		_, _, errno := syscall.RawSyscall(syscall.SYS_RT_SIGQUEUEINFO, uintptr(pid), queuedSignal, uintptr(unsafe.Pointer(&info)))
		switch {
		case errno == 0:
			value++
		case errno != syscall.EAGAIN:
			return os.NewSyscallError("rt_sigqueueinfo", errno)
		case time.Now().After(deadline):
			return fmt.Errorf("no room for signal %d within %v", value, patience)
		default:
			pause(100 * time.Microsecond)
		}
	}
	return nil
}

func realtimeTable(s, rate *series, n int, worst map[string]received) report.Table {
	g := report.Goal{Text: supervise + " keeps all, with payload and sender, in order"}
	if w, ok := worst[supervise]; ok {
		g.Measured = fmt.Sprintf("%d / %d / %d / %d of %d", w.arrived, w.payload, w.sender, w.ordered, n)
		g.Met = w.arrived == n && w.payload == n && w.sender == n && w.ordered == n
	}
	goals := append(s.beforeGoals(""), g)
	if n == sustained {
		goals = append(goals, rate.fasterGoals("forwards sustained signals")...)
	}
	return report.Table{
		Name: "realtime", Title: strconv.Itoa(n) + " queued real-time signals, the worst round",
		Goals: goals,
		Columns: []report.Column{
			{Key: "arrived", Title: "arrived"},
			{Key: "payload", Title: "payload kept"},
			{Key: "sender", Title: "sender kept"},
			{Key: "ordered", Title: "in order"},
			{Key: "took", Title: "ms"},
			{Key: "rate", Title: "k/s"},
			{Key: "n", Title: "n"},
		},
		Rows: s.rows(func(name string, samples stats.Rounds) map[string]report.Cell {
			w, sum := worst[name], samples.Summary()
			ordered := report.Number(float64(w.ordered), 0)
			if w.payload == 0 {
				ordered = report.Text("cannot be told")
			}
			return map[string]report.Cell{
				"arrived": report.Number(float64(w.arrived), 0), "payload": report.Number(float64(w.payload), 0),
				"sender": report.Number(float64(w.sender), 0), "ordered": ordered,
				"took": report.Median(sum, 1), "rate": report.Median(rate.rounds[name].Summary(), 1), "n": report.Number(float64(sum.Count), 0),
			}
		}),
	}
}
