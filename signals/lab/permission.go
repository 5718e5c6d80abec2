package lab

import (
	"golang.org/x/sys/unix"

	"supervise/signals"
)

var permission = Experiment{
	Name:  "permission",
	Title: "who may send a signal to whom",
	Teaches: "The sender's real or effective user must be the target's real or saved one. The target's\n" +
		"effective user does not count. SIGCONT may be sent to everything in one's session.",
	Man:   "kill(2)",
	Trace: []Traced{{signals.SIGWINCH, "ignored", 2}},
	run:   tryToSend,
}

func tryToSend(s *stage) {
	sender, same, other, session := s.actor(), s.actor(), s.actor(), s.actor()
	if _, err := sender.Call(unix.SYS_SETRESUID, 1, 1, 1); err != nil {
		s.impossible("it takes processes of two users, so it takes root")
	}
	same.call(unix.SYS_SETRESUID, 1, 1, 1)
	session.call(unix.SYS_SETSID)
	session.call(unix.SYS_SETRESUID, 2, 2, 2)
	send := func(to *player, sig signals.Signal) error {
		_, err := sender.Call(unix.SYS_KILL, uintptr(to.PID), uintptr(sig))
		return err
	}
	s.do("user 1 sends signals")
	s.expect("SIGWINCH to a process of user 1", send(same, signals.SIGWINCH), nil)
	s.expect("SIGWINCH to a process of user 0", send(other, signals.SIGWINCH), unix.EPERM)
	s.expect("no signal, only the check, to the same", send(other, 0), unix.EPERM)
	s.expect("SIGCONT to the same, which is in its session", send(other, signals.SIGCONT), nil)
	s.expect("SIGCONT to a process of user 2 in another session", send(session, signals.SIGCONT), unix.EPERM)
	s.do("a process has the real and saved user 0, and the effective user 1")
	other.call(unix.SYS_SETRESUID, 0, 1, 0)
	s.expect("SIGWINCH to it", send(other, signals.SIGWINCH), unix.EPERM)
	s.do("its saved user becomes 1")
	other.call(unix.SYS_SETRESUID, 0, 0, 1)
	s.expect("SIGWINCH to it", send(other, signals.SIGWINCH), nil)
}
