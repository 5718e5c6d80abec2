package bench

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"supervise/internal/sys"
	"supervise/signals"
	"supervise/signals/state/procfs"
	"supervise/supervisor/process"
)

// Setup says how a program is started. The zero value of all but Argv is what most want: a
// child with nothing blocked and nothing ignored, whose output goes into a pipe.
type Setup struct {
	Argv []string // as typed: Argv[0] is looked for in PATH
	Env  []string // NAME=value; nil for this process's own
	Dir  string   // "" for this process's own

	Init          bool        // as PID 1 of a PID namespace of its own
	Block, Ignore signals.Set // what it inherits
	PendingLimit  *uint64     // RLIMIT_SIGPENDING
	Terminal      bool        // its input and output are a terminal, which controls its session
	NoCores       bool        // it, and what it starts, dump no core
	SmallPipe     bool        // of the size of a page, so that it soon notices a slow reader
}

// Program is a program that was started: the leader of a session of its own.
type Program struct {
	PID    int // as this process sees it
	Init   bool
	Begun  time.Time // when it was executed
	Output *Output
	pidfd  int

	mu      sync.Mutex
	news    chan struct{} // closed when something of the following has changed
	stopped bool
	ended   bool
	exit    signals.Exit
	end     time.Time
}

// ErrNoInit says that there is no PID namespace for a PID 1.
var ErrNoInit = errors.New("it cannot be PID 1: this user may not make PID namespaces here; try as root, or without pid1")

// Start starts a program, and returns when the kernel has executed it.
func (h *Holder) Start(s *Setup) (*Program, error) {
	if s.Init && h.Place != Namespace {
		return nil, ErrNoInit
	}
	env := s.Env
	if env == nil {
		env = os.Environ()
	}
	list, have := lookPath(env)
	file, err := process.Lookup(s.Argv[0], list, have)
	if err != nil {
		return nil, err
	}
	output, files, err := newOutput(s.Terminal, s.SmallPipe)
	if err != nil {
		return nil, err
	}
	spec := &process.Spec{
		Path: file, Argv: s.Argv, Env: env, Dir: s.Dir, Mask: s.Block, Ignore: s.Ignore,
		Files: []int{files[0], files[1], files[1]}, OnlyFiles: true, Placement: process.OwnSession,
	}
	if s.Terminal {
		spec.Terminal, spec.HasTerminal = spec.Files[0], true
	}
	if s.PendingLimit != nil {
		spec.Limits = []process.Limit{{Resource: unix.RLIMIT_SIGPENDING, Soft: *s.PendingLimit, Hard: *s.PendingLimit}}
	}
	if s.NoCores {
		spec.Limits = append(spec.Limits, noCores())
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.program != nil {
		return nil, errors.New("a holder starts one program")
	}
	start := startChild
	if s.Init {
		start = startInit
	}
	child, err := onThread(func() (process.Process, error) { return start(spec) })
	for _, fd := range files {
		_ = unix.Close(fd)
	}
	if err != nil {
		output.close()
		return nil, err
	}
	p := &Program{PID: child.PID, Init: s.Init, Begun: time.Now(), Output: output, pidfd: child.PIDFD, news: make(chan struct{})}
	h.program = p
	go h.reap(p)
	go output.read()
	return p, nil
}

// noCores is the limit below which the kernel writes no core, neither into a file nor into a
// pipe, for which 0 would not do: core(5).
func noCores() process.Limit {
	var now unix.Rlimit
	_ = unix.Getrlimit(unix.RLIMIT_CORE, &now)
	return process.Limit{Resource: unix.RLIMIT_CORE, Soft: min(1, now.Max), Hard: now.Max}
}

func lookPath(env []string) (list string, have bool) {
	for _, e := range env {
		if len(e) >= 5 && e[:5] == "PATH=" {
			list, have = e[5:], true
		}
	}
	return list, have
}

// changed notes what has become of it.
func (p *Program) changed(status unix.WaitStatus, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case status.Stopped():
		p.stopped = true
	case status.Continued():
		p.stopped = false
	case status.Signaled():
		p.ended, p.end, p.exit = true, now, signals.Exit{Signal: signals.Signal(status.Signal()), Core: status.CoreDump()}
	default:
		p.ended, p.end, p.exit = true, now, signals.Exit{Code: status.ExitStatus()}
	}
	close(p.news)
	p.news = make(chan struct{})
}

// State is what a program does.
type State uint8

// The states.
const (
	Running State = iota
	Stopped
	Ended
)

// State returns what it does now.
func (p *Program) State() State {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state()
}

func (p *Program) state() State {
	switch {
	case p.ended:
		return Ended
	case p.stopped:
		return Stopped
	}
	return Running
}

// Await waits until the program is in a state, or has ended, and returns its state.
func (p *Program) Await(ctx context.Context, want State) State {
	for {
		p.mu.Lock()
		now, news := p.state(), p.news
		p.mu.Unlock()
		if now == want || now == Ended {
			return now
		}
		select {
		case <-news:
		case <-ctx.Done():
			return now
		}
	}
}

// Exit returns how and when it ended, once it has.
func (p *Program) Exit() (exit signals.Exit, at time.Time, ended bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.exit, p.end, p.ended
}

// Tree returns the living processes of the program, itself first.
func (p *Program) Tree() (living []sys.Stat) {
	for _, pid := range procfs.Tree(p.PID) {
		if s, err := sys.ReadStat(pid); err == nil && !s.Zombie() {
			living = append(living, s)
		}
	}
	return living
}

// Zombies returns the processes that descend from the program, have ended, and were not waited
// for by their parent.
func (p *Program) Zombies() (dead []sys.Stat) {
	for _, pid := range procfs.Tree(p.PID) {
		if s, err := sys.ReadStat(pid); err == nil && s.Zombie() && pid != p.PID {
			dead = append(dead, s)
		}
	}
	return dead
}

func (p *Program) close() {
	p.Output.close()
	if p.pidfd >= 0 {
		_ = unix.Close(p.pidfd)
	}
	p.pidfd = -1
}
