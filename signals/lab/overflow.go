package lab

import (
	"fmt"

	"golang.org/x/sys/unix"

	"supervise/signals"
)

var overflow = Experiment{
	Name:  "overflow",
	Title: "a full queue refuses sigqueue, and takes sender and value from others",
	Teaches: "Check what sigqueue returns: EAGAIN means that the signal was not sent. When the queue is\n" +
		"full, kill still works, but several real-time signals become one, from nobody; a standard\n" +
		"signal sent with a value arrives without it.",
	Man:   `getrlimit(2), RLIMIT_SIGPENDING; sigqueue(3), EAGAIN`,
	Trace: []Traced{{signals.SIGRTMIN, "overflow", 1}, {signals.SIGUSR1, "taken", 1}, {signals.SIGUSR2, "taken", 1}},
	run:   overflowQueue,
}

// sigPending is RLIMIT_SIGPENDING: asm-generic/resource.h.
const sigPending = 11

func overflowQueue(s *stage) {
	a := s.actor()
	s.do("a process blocks SIGUSR1, SIGUSR2 and SIGRTMIN, and may have no signals queued")
	a.block(signals.SIGUSR1, signals.SIGUSR2, signals.SIGRTMIN)
	s.must(unix.Prlimit(a.PID, sigPending, &unix.Rlimit{}, nil))
	s.expect("sigqueue SIGRTMIN", s.queue(a, signals.SIGRTMIN, 7), unix.EAGAIN)
	s.expect("kill SIGRTMIN", s.tryKill(a, signals.SIGRTMIN), nil)
	s.expect("kill SIGRTMIN again", s.tryKill(a, signals.SIGRTMIN), nil)
	s.expect("kill SIGUSR1", s.tryKill(a, signals.SIGUSR1), nil)
	s.expect("sigqueue SIGUSR2 with 7", s.queue(a, signals.SIGUSR2, 7), nil)
	for _, expected := range []string{"SIGUSR1 from pid 1, value 0", "SIGUSR2 from pid 0, value 0", "SIGRTMIN from pid 0, value 0"} {
		info, _ := a.take()
		s.expect("it takes", fmt.Sprintf("%v from pid %d, value %d", info.Signal, info.PID, info.Value), expected)
	}
	s.expect("left to be taken", a.taken(), []string{})
}
