package lab

import (
	"golang.org/x/sys/unix"

	"supervise/signals"
)

var accounting = Experiment{
	Name:  "accounting",
	Title: "who pays for queued signals: the user that receives them",
	Teaches: "SigQ in /proc/PID/status counts the signals queued to all processes of that real user, so that\n" +
		"one process with a full queue is felt by the others of its user, whoever sent the signals.",
	Man:   `getrlimit(2), RLIMIT_SIGPENDING; proc_pid_status(5), SigQ`,
	Trace: []Traced{{signals.SIGRTMIN, "taken", 5}},
	run:   account,
}

func account(s *stage) {
	a, b := s.actor(), s.actor()
	s.do("of two processes of one user, the first blocks SIGRTMIN")
	a.block(signals.SIGRTMIN)
	before := a.status().Queued
	s.do("the first is sent SIGRTMIN five times")
	for range 5 {
		s.must(s.queue(a, signals.SIGRTMIN, 0))
	}
	s.expect("queued beside what was, the first says", a.status().Queued-before, 5)
	s.expect("queued beside what was, the second says", b.status().Queued-before, 5)
	if other, err := b.Call(unix.SYS_SETRESUID, 1, 1, 1); err == nil && other == 0 {
		s.do("the second changes to another user, and blocks SIGRTMIN")
		b.block(signals.SIGRTMIN)
		s.do("it is sent SIGRTMIN twice, by the user of the first")
		for range 2 {
			s.must(s.queue(b, signals.SIGRTMIN, 0))
		}
		s.expect("queued, the second says", b.status().Queued, 2)
		s.expect("queued beside what was, the first says", a.status().Queued-before, 5)
	}
	s.do("the first takes all of its signals")
	a.taken()
	s.expect("queued beside what was, it says", int(a.status().Queued)-int(before), 0)
}
