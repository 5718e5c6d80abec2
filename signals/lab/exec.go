package lab

import (
	"fmt"

	"supervise/signals"
	"supervise/signals/lab/actor"
)

var overExec = Experiment{
	Name:  "exec",
	Title: "what a program inherits by execve: mask, ignored and pending signals, not handlers",
	Teaches: "Whoever ignores or blocks a signal and executes a program passes that on: nohup works so, and\n" +
		"so does a SIGPIPE that is ignored by accident. Caught signals are at their defaults again.",
	Man:   `execve(2), "Effect on process attributes"; signal(7), "Signal dispositions"`,
	Trace: []Traced{{signals.SIGUSR1, "taken", 1}, {signals.SIGRTMIN, "taken", 2}},
	run:   inheritByExec,
}

func inheritByExec(s *stage) {
	a := s.actor()
	s.do("a process ignores SIGINT and SIGCHLD, catches SIGTERM, blocks SIGUSR1 and SIGRTMIN")
	a.ignore(signals.SIGINT)
	a.ignore(signals.SIGCHLD)
	a.handle(signals.SIGTERM, actor.Note, 0)
	a.block(signals.SIGUSR1, signals.SIGRTMIN)
	s.do("it is sent SIGUSR1, and SIGRTMIN with the values 1 and 2")
	s.kill(a, signals.SIGUSR1)
	s.must(s.queue(a, signals.SIGRTMIN, 1))
	s.must(s.queue(a, signals.SIGRTMIN, 2))
	s.do("it executes a program")
	s.must(a.Exec())
	after := a.status()
	s.expect("the program ignores", after.Ignored, signals.SetOf(signals.SIGINT, signals.SIGCHLD))
	s.expect("the program catches", after.Caught, signals.Set(0))
	s.expect("the program blocks", after.Blocked, signals.SetOf(signals.SIGUSR1, signals.SIGRTMIN))
	var taken []string
	for info, ok := a.take(); ok; info, ok = a.take() {
		taken = append(taken, fmt.Sprintf("%v %d", info.Signal, info.Value))
	}
	s.expect("the program takes", taken, []string{"SIGUSR1 0", "SIGRTMIN 1", "SIGRTMIN 2"})
}
