package lab

import "supervise/signals"

var stopInterrupts = Experiment{
	Name:  "stop-call",
	Title: "which system calls being stopped and continued interrupts, without any handler",
	Teaches: "A program without a single handler gets EINTR, too: when it is stopped, continued, or looked\n" +
		"at with ptrace while it waits in epoll_wait or sigwaitinfo.",
	Man:   `signal(7), "Interruption of system calls and library functions by stop signals"`,
	Trace: []Traced{{signals.SIGSTOP, "stopped", len(stoppedIn)}, {signals.SIGCONT, "continued", len(stoppedIn)}},
	run:   interruptByStop,
}

// stoppedIn are the names of those of waits that are tried, and whether they return.
var stoppedIn = []struct {
	name    string
	returns bool
}{
	{"read of a pipe", false},
	{"wait4 for a child", false},
	{"futex", false},
	{"ppoll", false},
	{"sigsuspend", false},
	{"epoll_pwait", true},
	{"sigwaitinfo of another signal", true},
}

func interruptByStop(s *stage) {
	for _, call := range stoppedIn {
		expected := restarted
		if call.returns {
			expected = "EINTR"
		}
		for i := range waits {
			if waits[i].name == call.name {
				s.expect(call.name+", stopped and continued", s.stoppedWithin(&waits[i]), expected)
			}
		}
	}
}

// stoppedWithin has an actor wait, stops and continues it, and says what the system call did
// then.
func (s *stage) stoppedWithin(w *waiting) string {
	a := s.actor()
	args := w.prepare(a)
	a.begin(w.number, args...)
	s.kill(a, signals.SIGSTOP)
	a.stopped()
	s.kill(a, signals.SIGCONT)
	a.continued()
	return a.after(w.number, args)
}
