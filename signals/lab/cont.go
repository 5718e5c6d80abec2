package lab

import (
	"golang.org/x/sys/unix"

	"supervise/signals"
)

var resume = Experiment{
	Name:  "continue",
	Title: "SIGCONT continues a process even when it is blocked or ignored",
	Teaches: "Nobody can refuse to be continued; only the handler of SIGCONT can be put off or left out.\n" +
		"SIGCONT removes a pending stop signal, and a stop signal a pending SIGCONT: the last one counts.",
	Man:   `POSIX.1 XSH 2.4.1, "Signal Generation and Delivery"; sigaction(3p); signal(7), "Standard signals"`,
	Trace: []Traced{{signals.SIGSTOP, "stopped", 2}, {signals.SIGCONT, "continued", 1}},
	run:   continueStopped,
}

func continueStopped(s *stage) {
	a, b := s.actor(), s.actor()
	s.do("one process blocks SIGCONT, another ignores it")
	a.block(signals.SIGCONT)
	b.ignore(signals.SIGCONT)
	for _, p := range []*player{a, b} {
		s.kill(p, signals.SIGSTOP)
		s.expect("sent SIGSTOP, it is stopped by", p.stopped(), signals.SIGSTOP)
		s.kill(p, signals.SIGCONT)
		s.expect("sent SIGCONT, it continues", p.continued(), true)
	}
	s.expect("pending for the one that blocks it", a.pending(), signals.SetOf(signals.SIGCONT))
	s.expect("pending for the one that ignores it", b.pending(), signals.Set(0))

	s.do("a process blocks SIGCONT and SIGTSTP, and sends itself one after the other")
	a.taken()
	a.block(signals.SIGCONT, signals.SIGTSTP)
	for _, sig := range []signals.Signal{signals.SIGTSTP, signals.SIGCONT, signals.SIGTSTP} {
		a.call(unix.SYS_KILL, uintptr(a.PID), uintptr(sig))
		s.expect("after "+sig.String()+" is pending", a.pending(), signals.SetOf(sig))
	}
}
