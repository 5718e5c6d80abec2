package lab

import (
	"golang.org/x/sys/unix"

	"supervise/signals"
	"supervise/signals/lab/actor"
)

var delivery = Experiment{
	Name:  "delivery",
	Title: "when a signal is delivered, and to which thread",
	Teaches: "A pending signal is handled before the call that unblocks it returns, and one that a process\n" +
		"sends itself before kill returns. One sent to the process goes to a thread that does not block it;\n" +
		"one sent to a thread stays with that thread, and is taken before those of the process.",
	Man:   `signal(7), "Signal mask and pending signals"; kill(2), "Notes"; sigprocmask(2); tgkill(2)`,
	Trace: []Traced{{signals.SIGUSR1, "handled", 3}, {signals.SIGRTMIN, "taken", 1}, {signals.SIGRTMAX, "taken", 1}},
	run:   deliver,
}

func deliver(s *stage) {
	a := s.actor()
	a.handle(signals.SIGUSR1, actor.Note, 0)
	s.do("a process catches SIGUSR1, blocks it, and sends it to itself")
	a.block(signals.SIGUSR1)
	a.call(unix.SYS_KILL, uintptr(a.PID), uintptr(signals.SIGUSR1))
	s.expect("the handler has run", !s.theatre.NotHandled(), false)
	s.do("it unblocks SIGUSR1")
	a.block()
	s.expect("when sigprocmask returns, the handler has run", !s.theatre.NotHandled(), true)
	s.handled()
	s.do("it sends itself SIGUSR1, not blocked")
	a.call(unix.SYS_KILL, uintptr(a.PID), uintptr(signals.SIGUSR1))
	s.expect("when kill returns, the handler has run", !s.theatre.NotHandled(), true)
	s.handled()

	thread, err := a.Thread()
	s.must(err)
	second := &player{thread, s}
	s.do("the main thread blocks SIGUSR1, the second does not, and SIGUSR1 is sent to the process")
	a.block(signals.SIGUSR1)
	s.kill(a, signals.SIGUSR1)
	s.expect("it is handled by the second thread", s.handled().TID == second.PID, true)
	s.do("SIGUSR1 is sent to the main thread, by tgkill")
	second.call(unix.SYS_TGKILL, uintptr(a.PID), uintptr(a.PID), uintptr(signals.SIGUSR1))
	s.expect("it is handled", !s.theatre.NotHandled(), false)
	s.expect("pending for the main thread", a.status().Threads[0].Pending, signals.SetOf(signals.SIGUSR1))
	s.expect("pending for the process", a.status().Shared, signals.Set(0))

	s.do("all threads block all, SIGRTMIN is sent to the process, SIGRTMAX to the main thread")
	s.must(a.Mask(signals.Full))
	s.must(second.Mask(signals.Full))
	a.taken()
	s.kill(a, signals.SIGRTMIN)
	second.call(unix.SYS_TGKILL, uintptr(a.PID), uintptr(a.PID), uintptr(signals.SIGRTMAX))
	s.expect("the main thread takes", a.taken(), []string{"SIGRTMAX", "SIGRTMIN"})
}
