package lab

import (
	"golang.org/x/sys/unix"

	"supervise/signals"
)

var parentDeath = Experiment{
	Name:  "parent-death",
	Title: "PR_SET_PDEATHSIG is sent when the thread that forked ends",
	Teaches: "The parent-death signal ties a child to one thread of its parent, not to the process: a\n" +
		"program with threads must fork in one that stays. A child's own children do not inherit it.",
	Man:   `PR_SET_PDEATHSIG(2const), in older releases prctl(2)`,
	Trace: []Traced{{signals.SIGTERM, "terminated", 2}},
	run:   dieWithParent,
}

func dieWithParent(s *stage) {
	parent := s.actor()
	child := parent.fork()
	s.do("a child wants SIGTERM when its parent dies; it has a child, too")
	child.call(unix.SYS_PRCTL, unix.PR_SET_PDEATHSIG, uintptr(signals.SIGTERM))
	grandchild := child.fork()
	s.do("the parent exits")
	parent.exit(0)
	s.expect("the parent", parent.ended(), signals.Exit{})
	s.expect("the child was", child.ended(), signals.Exit{Signal: signals.SIGTERM})
	s.expect("the child's child runs", grandchild.running(), true)

	process := s.actor()
	thread, err := process.Thread()
	s.must(err)
	second := &player{thread, s}
	s.do("the second thread of a process forks a child, which wants SIGTERM when its parent dies")
	child = second.fork()
	child.call(unix.SYS_PRCTL, unix.PR_SET_PDEATHSIG, uintptr(signals.SIGTERM))
	s.do("the thread ends, the process does not")
	second.begun(unix.SYS_EXIT, 0)
	s.poll("the child ends", func() bool { return child.status().State == 'Z' })
	s.expect("the process runs", process.running(), true)
	s.do("the process exits, so that the child can be waited for")
	process.exit(0)
	process.ended()
	s.expect("the child was", child.ended(), signals.Exit{Signal: signals.SIGTERM})
}
