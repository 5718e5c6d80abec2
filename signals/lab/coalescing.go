package lab

import "supervise/signals"

var coalescing = Experiment{
	Name:  "coalescing",
	Title: "a standard signal is pending once, however often it is sent",
	Teaches: "Do not count standard signals: several may arrive as one. After SIGCHLD, wait until no\n" +
		"child is left to be waited for. What is kept of them is the first one's sender and value.",
	Man:   `signal(7), "Queueing and delivery semantics for standard signals"`,
	Trace: []Traced{{signals.SIGUSR1, "coalesced", 2}, {signals.SIGUSR1, "taken", 1}},
	run:   coalesce,
}

func coalesce(s *stage) {
	a := s.actor()
	s.do("a process blocks SIGUSR1")
	a.block(signals.SIGUSR1)
	s.do("it is sent SIGUSR1 three times, with the values 1, 2 and 3")
	for value := 1; value <= 3; value++ {
		s.must(s.queue(a, signals.SIGUSR1, value))
	}
	s.expect("pending", a.pending(), signals.SetOf(signals.SIGUSR1))
	info, _ := a.take()
	s.expect("it takes one, and its value is", info.Value, 1)
	s.expect("left to be taken", a.taken(), []string{})
}
