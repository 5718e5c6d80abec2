package lab

import (
	"golang.org/x/sys/unix"

	"supervise/signals"
	"supervise/signals/lab/actor"
	"supervise/signals/state"
)

var nested = Experiment{
	Name:  "nested",
	Title: "handlers interrupt each other, unless sa_mask says otherwise",
	Teaches: "While a handler runs, its own signal and those in sa_mask are blocked; every other one\n" +
		"interrupts it. Of several that are pending, the handler of the last one runs first, as each\n" +
		"frame is put on top of the one before. Full masks make handlers run one after the other.",
	Man:   `sigaction(2), sa_mask, SA_NODEFER, SA_RESETHAND; signal(7), "Execution of signal handlers"`,
	Trace: []Traced{{signals.SIGUSR1, "handled", 6}, {signals.SIGUSR2, "handled", 2}, {signals.SIGTERM, "handled", 2}},
	run:   nest,
}

func nest(s *stage) {
	a := s.actor()
	s.do("a process catches SIGUSR1 with SIGUSR2 in sa_mask, and catches SIGUSR2 and SIGTERM")
	a.handle(signals.SIGUSR1, actor.Hold, 0, signals.SIGUSR2)
	a.handle(signals.SIGUSR2, actor.Note, 0)
	a.handle(signals.SIGTERM, actor.Note, 0)
	s.kill(a, signals.SIGUSR1)
	s.expect("sent SIGUSR1, it handles", s.handled().Info.Signal, signals.SIGUSR1)
	s.expect("while the handler runs, is blocked", a.blocked(), signals.SetOf(signals.SIGUSR1, signals.SIGUSR2))
	s.kill(a, signals.SIGUSR2)
	s.kill(a, signals.SIGUSR1)
	s.kill(a, signals.SIGTERM)
	s.expect("sent SIGUSR2, SIGUSR1, SIGTERM, it handles", s.handled().Info.Signal, signals.SIGTERM)
	s.expect("pending", a.pending(), signals.SetOf(signals.SIGUSR1, signals.SIGUSR2))
	s.do("the handler of SIGUSR1 returns")
	s.must(a.Return())
	// Both become deliverable. The frame of SIGUSR1 is made first; it blocks SIGUSR2.
	s.expect("it handles", s.handled().Info.Signal, signals.SIGUSR1)
	s.must(a.Return())
	s.expect("after that has returned, it handles", s.handled().Info.Signal, signals.SIGUSR2)
	s.call(a)
	s.expect("blocked", a.blocked(), signals.Set(0))

	s.do("SA_NODEFER and no sa_mask: SIGUSR1 is sent twice")
	a.handle(signals.SIGUSR1, actor.Hold, state.NoDefer)
	s.kill(a, signals.SIGUSR1)
	s.handled()
	s.kill(a, signals.SIGUSR1)
	s.expect("while the handler runs, it handles", s.handled().Info.Signal, signals.SIGUSR1)
	s.must(a.Return())
	s.call(a)
	s.must(a.Return())
	s.call(a)

	s.do("SA_RESETHAND: SIGUSR1 is sent")
	a.handle(signals.SIGUSR1, actor.Note, state.ResetHandler)
	s.kill(a, signals.SIGUSR1)
	s.handled()
	s.expect("SIGUSR1 is", a.status().Disposition(signals.SIGUSR1), state.Default)

	s.do("SIGUSR1, SIGUSR2 and SIGTERM, each with a handler and no sa_mask, are blocked, sent, unblocked")
	a.handle(signals.SIGUSR1, actor.Note, 0)
	a.block(signals.SIGUSR1, signals.SIGUSR2, signals.SIGTERM)
	for _, sig := range []signals.Signal{signals.SIGUSR1, signals.SIGUSR2, signals.SIGTERM} {
		s.kill(a, sig)
	}
	a.block()
	var order []string
	for range 3 {
		order = append(order, s.handled().Info.Signal.String())
	}
	s.expect("the handlers run", order, []string{"SIGTERM", "SIGUSR2", "SIGUSR1"})
}

// call makes a system call that does nothing: when it has returned, the actor is where it
// serves.
func (*stage) call(a *player) { a.call(unix.SYS_GETPID) }
