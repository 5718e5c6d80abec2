package lab

import (
	"fmt"

	"supervise/signals"
)

var realTime = Experiment{
	Name:  "real-time",
	Title: "real-time signals queue: each arrives, in order, with its value",
	Teaches: "Use real-time signals where each one counts or carries a value. Lower numbers come first,\n" +
		"standard signals before all; of one number, the one that was sent first.",
	Man:   `signal(7), "Real-time signals"`,
	Trace: []Traced{{signals.SIGUSR1, "taken", 1}, {signals.SIGRTMIN, "taken", 2}, {signals.SIGRTMIN + 1, "taken", 2}},
	run:   queueRealTime,
}

func queueRealTime(s *stage) {
	const first, second = signals.SIGRTMIN, signals.SIGRTMIN + 1
	a := s.actor()
	s.do("a process blocks SIGRTMIN, SIGRTMIN+1 and SIGUSR1")
	a.block(first, second, signals.SIGUSR1)
	s.do("it is sent SIGRTMIN+1 with 1, SIGRTMIN with 2 and 3, SIGUSR1 with 4, SIGRTMIN+1 with 5")
	for i, sig := range []signals.Signal{second, first, first, signals.SIGUSR1, second} {
		s.must(s.queue(a, sig, i+1))
	}
	var taken []string
	for {
		info, ok := a.take()
		if !ok {
			break
		}
		taken = append(taken, fmt.Sprintf("%v %d", info.Signal, info.Value))
	}
	s.expect("it takes them", taken, []string{"SIGUSR1 4", "SIGRTMIN 2", "SIGRTMIN 3", "SIGRTMIN+1 1", "SIGRTMIN+1 5"})
}
