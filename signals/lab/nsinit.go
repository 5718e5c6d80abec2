package lab

import (
	"syscall"

	"golang.org/x/sys/unix"

	"supervise/signals"
	"supervise/signals/lab/actor"
)

var namespaceInit = Experiment{
	Name:  "init",
	Title: "PID 1 of a PID namespace gets only signals that it has a handler for",
	Teaches: "The first process of a container ignores SIGTERM unless it has a handler, and nobody inside\n" +
		"can kill it; kill says that it succeeded all the same. From outside SIGKILL and SIGSTOP work.\n" +
		"So docker stop waits in vain for a program that relies on the default action: put an init\n" +
		"(supervise init) before it.",
	Man:   `pid_namespaces(7), "The namespace init process"; kill(2), "Notes"`,
	Trace: []Traced{{signals.SIGTERM, "dropped", 2}, {signals.SIGSEGV, "dropped", 1}, {signals.SIGSTOP, "dropped", 1}, {signals.SIGKILL, "dropped", 1}, {signals.SIGUSR1, "handled", 2}, {signals.SIGSTOP, "stopped", 1}, {signals.SIGKILL, "terminated", 1}},
	run:   signalInit,
}

func signalInit(s *stage) {
	first := s.actorWith(&syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID})
	child := first.fork() // its PID is the one inside
	s.do("a process is PID 1 of a PID namespace, at the default for all signals, and has a child")
	for _, sig := range []signals.Signal{signals.SIGTERM, signals.SIGSEGV, signals.SIGSTOP, signals.SIGKILL} {
		_, err := child.Call(unix.SYS_KILL, 1, uintptr(sig))
		s.expect("the child sends it "+sig.String(), err, nil)
	}
	s.expect("it runs", first.running(), true)
	s.expect("pending", first.pending(), signals.Set(0))
	s.expect("SIGTERM is sent from outside", s.tryKill(first, signals.SIGTERM), nil)
	s.expect("it runs", first.running(), true)

	s.do("it blocks SIGTERM, and catches SIGUSR1")
	first.block(signals.SIGTERM)
	first.handle(signals.SIGUSR1, actor.Note, 0)
	s.kill(first, signals.SIGTERM)
	s.expect("sent SIGTERM from outside, is pending", first.pending(), signals.SetOf(signals.SIGTERM))
	s.kill(first, signals.SIGUSR1)
	handled := s.handled()
	s.expect("sent SIGUSR1 from outside, it handles", handled.Info.Signal, signals.SIGUSR1)
	s.expect("the pid of its sender, outside, is", handled.Info.PID, 0)
	child.call(unix.SYS_KILL, 1, uintptr(signals.SIGUSR1))
	s.expect("sent SIGUSR1 by the child, the sender is", s.handled().Info.PID, child.PID)

	s.kill(first, signals.SIGSTOP)
	s.expect("sent SIGSTOP from outside, it is stopped by", first.stopped(), signals.SIGSTOP)
	s.kill(first, signals.SIGKILL)
	s.expect("sent SIGKILL from outside, it was", first.ended(), signals.Exit{Signal: signals.SIGKILL})
}
