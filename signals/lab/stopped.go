package lab

import "supervise/signals"

var whileStopped = Experiment{
	Name:  "stopped",
	Title: "a stopped process takes no signal but SIGKILL and SIGCONT",
	Teaches: "SIGTERM to a stopped process stays pending: send SIGCONT after it, as a supervisor's stop\n" +
		"must. What is pending then takes effect at once, the lowest number first.",
	Man:   `signal(7), "Standard signals"; POSIX.1 XSH 2.4.3, "Signal Actions"; sigaction(3p)`,
	Trace: []Traced{{signals.SIGSTOP, "stopped", 2}, {signals.SIGCONT, "continued", 1}, {signals.SIGUSR1, "terminated", 1}, {signals.SIGTERM, "discarded", 1}, {signals.SIGKILL, "terminated", 1}},
	run:   signalStopped,
}

func signalStopped(s *stage) {
	a := s.actor()
	s.kill(a, signals.SIGSTOP)
	s.expect("sent SIGSTOP, a process is stopped by", a.stopped(), signals.SIGSTOP)
	s.do("it is sent SIGTERM and SIGUSR1, which would end it")
	s.kill(a, signals.SIGTERM)
	s.kill(a, signals.SIGUSR1)
	s.expect("pending", a.pending(), signals.SetOf(signals.SIGTERM, signals.SIGUSR1))
	s.expect("it is stopped", a.status().Stopped(), true)
	s.kill(a, signals.SIGCONT)
	s.expect("sent SIGCONT, it was", a.ended(), signals.Exit{Signal: signals.SIGUSR1})

	b := s.actor()
	s.kill(b, signals.SIGSTOP)
	s.expect("sent SIGSTOP, another is stopped by", b.stopped(), signals.SIGSTOP)
	s.kill(b, signals.SIGKILL)
	s.expect("sent SIGKILL, it was", b.ended(), signals.Exit{Signal: signals.SIGKILL})
}
