package lab

import (
	"golang.org/x/sys/unix"

	"supervise/signals"
	"supervise/signals/lab/actor"
)

var overFork = Experiment{
	Name:  "fork",
	Title: "what a child inherits by fork: mask, handlers and ignored signals, not what is pending",
	Teaches: "A child begins with the parent's mask and handlers. A signal between fork and exec runs the\n" +
		"parent's handler in the child: block signals around fork.",
	Man:   `fork(2); signal(7), "Signal dispositions", "Signal mask and pending signals"`,
	Trace: []Traced{{signals.SIGUSR1, "discarded", 1}},
	run:   inheritByFork,
}

func inheritByFork(s *stage) {
	a := s.actor()
	s.do("a process ignores SIGINT, catches SIGTERM, blocks SIGUSR1, and sends itself SIGUSR1")
	a.ignore(signals.SIGINT)
	a.handle(signals.SIGTERM, actor.Note, 0)
	a.block(signals.SIGUSR1)
	a.call(unix.SYS_KILL, uintptr(a.PID), uintptr(signals.SIGUSR1))
	s.expect("pending", a.pending(), signals.SetOf(signals.SIGUSR1))
	s.do("it forks")
	child := a.fork().status()
	s.expect("the child ignores", child.Ignored, signals.SetOf(signals.SIGINT))
	s.expect("the child catches", child.Caught, signals.SetOf(signals.SIGTERM))
	s.expect("the child blocks", child.Blocked, signals.SetOf(signals.SIGUSR1))
	s.expect("pending for the child", child.AllPending(), signals.Set(0))
	s.expect("pending for the parent", a.pending(), signals.SetOf(signals.SIGUSR1))
}
