package testtrace

import (
	"fmt"
	"math/rand/v2"
	"time"

	"supervise/signals"
	"supervise/signals/trace"
)

// Options say what a trace is to be like.
type Options struct {
	Lives   int
	Events  bool // also fork, exec, exit
	Hostile bool // some names and details are made to break what shows them
	NoEnd   bool // without counts, as of a tracer that was killed
}

// Hostile are names that a process can give itself, and some that are too long for it.
var Hostile = []string{
	"</script><b>", "<!--<script>", "\x1b[31mred\x1b[0m", "a\nb\tc\x00d", "\u202egnp.exe", "\xff\xfe", `"},{"`, "'onload='x", "&lt;&amp;", "\u2028x",
}

// Begun is when all traces begin.
var Begun = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// boot is when the machine of the traces was started.
var boot = Begun.Add(-time.Hour)

// Header is that of every trace.
func Header() *trace.Header {
	return &trace.Header{
		Begun: Begun, Boot: boot, Backend: "bpf", What: "--all", Host: "box", Kernel: "6.1.0", Program: "supervise test",
	}
}

// Feed hands a trace to a sink, as a tracer would, and returns its lives.
func Feed(sink trace.Sink, o Options) ([]*trace.Life, error) {
	if b, ok := sink.(trace.Beginner); ok {
		if err := b.Begin(Header()); err != nil {
			return nil, err
		}
	}
	g := newMaker(o)
	var lives []*trace.Life
	counts := &trace.Counts{Backend: "bpf", Verdicts: map[string]uint64{}}
	for len(lives) < o.Lives {
		l, event := g.next(len(lives))
		if event != nil && o.Events {
			if err := sink.Event(event); err != nil {
				return nil, err
			}
		}
		if err := sink.Life(l); err != nil {
			return nil, err
		}
		lives = append(lives, l)
		counts.Lives++
		counts.Sent++
		counts.Verdicts[l.Verdict.String()]++
	}
	if f, ok := sink.(interface{ Flush() error }); ok {
		if err := f.Flush(); err != nil {
			return nil, err
		}
	}
	if o.NoEnd {
		return lives, nil
	}
	counts.Duration = g.now.Sub(Begun)
	return lives, sink.End(counts)
}

// maker makes one life after the other.
type maker struct {
	random *rand.Rand
	now    time.Time
	tasks  []trace.Task
	o      Options
}

func newMaker(o Options) *maker {
	g := &maker{random: rand.New(rand.NewPCG(1, 2)), now: Begun, o: o}
	names := []string{"supervise", "nginx", "nginx", "nginx", "redis-server", "bash", "sleep", "python3", "worker", "worker", "cron"}
	for i, name := range names {
		g.tasks = append(g.tasks, g.task(name, 800+i*7))
	}
	if o.Hostile {
		for i, name := range Hostile {
			g.tasks = append(g.tasks, g.task(name, 2000+i))
		}
	}
	return g
}

func (g *maker) task(name string, pid int) trace.Task {
	return trace.Task{PID: pid, TID: pid, Comm: name, UID: int64(pid % 3 * 1000), NSPID: pid, Cgroup: "/app/" + name}
}

// unknown is a task of which nothing is known.
var unknown = trace.Task{PID: -1, TID: -1, UID: -1, NSPID: -1}

// next returns the life number n, and sometimes an event before it.
func (g *maker) next(n int) (*trace.Life, *trace.Event) {
	r := g.random
	switch {
	case n%50 == 0:
		g.now = g.now.Add(time.Duration(r.IntN(400)) * time.Millisecond)
	default:
		g.now = g.now.Add(time.Duration(r.IntN(300)) * time.Microsecond)
	}
	from, to := g.tasks[r.IntN(len(g.tasks))], g.tasks[r.IntN(len(g.tasks))]
	l := &trace.Life{Time: g.now, Sender: from, Target: to, Group: r.IntN(4) > 0, Code: signals.CodeUser}
	verdicts := trace.Verdicts()
	l.Verdict = trace.Handled
	if n < len(verdicts) {
		l.Verdict = verdicts[n] // each at least once
	} else if r.IntN(3) == 0 {
		l.Verdict = verdicts[r.IntN(len(verdicts))]
	}
	g.choose(l)
	g.finish(l, n)
	if g.o.Hostile && n%7 == 0 {
		l.Detail = Hostile[n/7%len(Hostile)]
	}
	if n%20 != 0 {
		return l, nil
	}
	return l, g.event(n)
}

// choose gives it a signal that fits the verdict.
func (g *maker) choose(l *trace.Life) {
	r := g.random
	pick := func(of ...signals.Signal) { l.Signal = of[r.IntN(len(of))] }
	// The others can have any signal.
	//exhaustive:ignore
	switch l.Verdict {
	case trace.Terminated:
		pick(signals.SIGTERM, signals.SIGKILL, signals.SIGINT, signals.SIGHUP)
	case trace.Dumped:
		pick(signals.SIGSEGV, signals.SIGABRT, signals.SIGQUIT)
	case trace.Stopped:
		pick(signals.SIGSTOP, signals.SIGTSTP)
	case trace.Continued:
		pick(signals.SIGCONT)
	case trace.Overflow, trace.Taken:
		pick(signals.SIGRTMIN, signals.SIGRTMIN+1, signals.SIGRTMAX)
	default:
		pick(signals.SIGTERM, signals.SIGUSR1, signals.SIGUSR2, signals.SIGCHLD, signals.SIGHUP, signals.SIGWINCH, signals.SIGALRM, signals.SIGRTMIN)
	}
}

// finish fills in what goes with the signal and the verdict.
func (g *maker) finish(l *trace.Life, n int) {
	r := g.random
	switch {
	case l.Signal >= signals.SIGRTMIN:
		value := r.Uint64() >> (n % 64)
		l.Value, l.Code = &value, signals.CodeQueue
		l.InfoLost = n%40 == 0
	case l.Signal == signals.SIGCHLD:
		l.Code = 1
	case l.Signal == signals.SIGALRM, l.Signal == signals.SIGWINCH, l.Signal == signals.SIGSEGV:
		l.Code = signals.CodeKernel
	case n%90 == 17:
		l.Sender = unknown
	}
	// The others need nothing more.
	//exhaustive:ignore
	switch l.Verdict {
	case trace.Handled:
		l.Handler, l.Symbol, l.Detail = 0x401000, "on_signal", "by on_signal"
	case trace.Terminated:
		l.Detail = "by default"
		l.Exit = &trace.Exit{Signal: l.Signal, After: time.Duration(r.IntN(4e6))}
	case trace.Dumped:
		l.Detail = "by default"
		l.Exit = &trace.Exit{Signal: l.Signal, Core: true, After: time.Duration(r.IntN(9e6))}
	case trace.Failed:
		l.Call, l.Error, l.Detail = "kill", "ESRCH", "kill: ESRCH"
		l.Target = trace.Task{PID: 99999, TID: 99999, UID: -1, NSPID: -1}
		if n%2 == 0 {
			l.Target = unknown
		}
		return
	case trace.Coalesced:
		l.Detail = fmt.Sprintf("one waits already, from %s (%d)", l.Sender.Comm, l.Sender.PID)
		return
	case trace.Overflow, trace.Ignored, trace.Dropped, trace.Pending, trace.Unseen:
		l.Blocked = l.Verdict == trace.Pending
		return
	}
	l.Latency = time.Duration(r.ExpFloat64() * 8000)
	if n%30 == 0 {
		l.Blocked, l.Latency = true, l.Latency*1000
	}
}

// event is something that happens beside signals.
func (g *maker) event(n int) *trace.Event {
	of := g.tasks[n/20%len(g.tasks)]
	e := &trace.Event{Time: g.now, Task: of}
	switch n / 20 % 3 {
	case 0:
		child := g.task(of.Comm, 3000+n)
		e.Event, e.Child = "fork", &child
	case 1:
		e.Event, e.File = "exec", "/usr/bin/"+of.Comm
	default:
		e.Event, e.Exit = "exit", &trace.Exit{Code: 0}
	}
	return e
}
