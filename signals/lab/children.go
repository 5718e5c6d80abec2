package lab

import (
	"golang.org/x/sys/unix"

	"supervise/signals"
	"supervise/signals/state"
)

var children = Experiment{
	Name:  "children",
	Title: "SIGCHLD: when it is sent, and what ignoring it does",
	Teaches: "Several children that end make one SIGCHLD: wait in a loop. Who ignores SIGCHLD explicitly has\n" +
		"no zombies, but waits in vain (ECHILD), and passes that on to the programs it executes. With\n" +
		"SA_NOCLDSTOP only the end of a child is told, not that it stopped.",
	Man:   `wait(2), "Notes"; sigaction(2), SA_NOCLDSTOP, SA_NOCLDWAIT; signal(7)`,
	Trace: []Traced{{signals.SIGSTOP, "stopped", 2}, {signals.SIGCONT, "continued", 2}},
	run:   haveChildren,
}

// The causes of SIGCHLD: sigaction(2).
const (
	childExited  signals.Code = 1
	childStopped signals.Code = 5
)

func haveChildren(s *stage) {
	a := s.actor()
	s.do("a process leaves SIGCHLD at its default, which is to ignore it, and has two children")
	a.block(signals.SIGCHLD)
	one, two := a.fork(), a.fork()
	s.do("both exit, with the codes 1 and 2")
	one.exit(1)
	two.exit(2)
	s.expect("the first is a zombie", one.zombie(), true)
	s.expect("the second is a zombie", two.zombie(), true)
	s.expect("SIGCHLD, which is blocked, is taken", a.taken(), []string{"SIGCHLD"})
	s.expect("children that it can wait for", []int{a.wait(one), a.wait(two)}, []int{one.PID, two.PID})

	s.do("SA_NOCLDSTOP is not set, and a child stops")
	child := a.fork()
	s.kill(child, signals.SIGSTOP)
	s.poll("SIGCHLD comes", func() bool { return a.pending().Has(signals.SIGCHLD) })
	info, _ := a.take()
	s.expect("SIGCHLD says that a child stopped", info.Code == childStopped, true)
	s.kill(child, signals.SIGCONT)
	s.poll("SIGCHLD comes", func() bool { return a.pending().Has(signals.SIGCHLD) })
	a.taken()

	s.do("SA_NOCLDSTOP is set, and the child stops")
	s.must(a.Action(signals.SIGCHLD, state.Action{Flags: state.NoChildStop}))
	s.kill(child, signals.SIGSTOP)
	s.poll("the child is stopped", func() bool { return child.status().Stopped() })
	s.expect("pending", a.pending(), signals.Set(0))
	s.kill(child, signals.SIGCONT)
	s.do("the child exits")
	child.exit(3)
	s.expect("it is a zombie", child.zombie(), true)
	info, _ = a.take()
	s.expect("SIGCHLD says that a child exited", info.Code == childExited, true)
	a.wait(child)

	s.do("the process ignores SIGCHLD, and a child exits")
	a.ignore(signals.SIGCHLD)
	child = a.fork()
	child.exit(4)
	_, err := a.Call(unix.SYS_WAIT4, uintptr(child.PID), 0, 0, 0)
	s.expect("wait", err, unix.ECHILD)
}

func (p *player) exit(code uintptr) { p.begun(unix.SYS_EXIT_GROUP, code) }

// zombie waits until the process is a zombie, for somebody to wait for it.
func (p *player) zombie() bool {
	p.s.poll("it is a zombie", func() bool { return p.status().State == 'Z' })
	return true
}

// wait waits for a child that has ended, as the actor, and returns its pid.
func (p *player) wait(child *player) int {
	pid := p.call(unix.SYS_WAIT4, uintptr(child.PID), 0, 0, 0)
	p.s.theatre.Release(child.Actor)
	return pid
}
