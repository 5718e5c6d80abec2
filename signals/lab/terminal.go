package lab

import (
	"encoding/binary"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"supervise/signals"
	"supervise/signals/lab/actor"
)

var terminal = Experiment{
	Name:  "terminal",
	Title: "a terminal's signals go to the foreground process group",
	Teaches: "^C and ^Z reach every process of the foreground group, and nobody in the background, whom\n" +
		"reading stops instead (SIGTTIN). When the terminal goes away, SIGHUP goes to the leader of the\n" +
		"session; when the leader ends, to the foreground group.",
	Man:   `termios(3), "Special characters"; credentials(7), "Sessions"; setpgid(2); setsid(2)`,
	Trace: []Traced{{signals.SIGTSTP, "stopped", 2}, {signals.SIGINT, "terminated", 2}, {signals.SIGTTIN, "stopped", 1}, {signals.SIGHUP, "terminated", 2}},
	run:   useTerminal,
}

func useTerminal(s *stage) {
	master, name := s.openTerminal()
	shell := s.actor()
	shell.call(unix.SYS_SETSID)
	tty := shell.open(name)
	first, second, background := shell.fork(), shell.fork(), shell.fork()
	s.do("a session has a terminal, two processes in the foreground group, one in the background")
	shell.call(unix.SYS_SETPGID, uintptr(first.PID), uintptr(first.PID))
	shell.call(unix.SYS_SETPGID, uintptr(second.PID), uintptr(first.PID))
	shell.call(unix.SYS_SETPGID, uintptr(background.PID), uintptr(background.PID))
	shell.words(uint64(first.PID), 0)
	shell.call(unix.SYS_IOCTL, tty, unix.TIOCSPGRP, actor.Scratch)

	s.typed(master, 26, "^Z")
	for _, p := range []*player{first, second} {
		s.poll("it stops", func() bool { return p.status().Stopped() })
	}
	s.expect("the foreground is stopped", first.status().Stopped() && second.status().Stopped(), true)
	s.expect("the background runs", background.running(), true)
	s.do("the foreground is continued")
	s.must(unix.Kill(-first.PID, unix.SIGCONT))
	s.typed(master, 3, "^C")
	s.expect("the foreground ends", first.zombie() && second.zombie(), true)
	s.expect("the leader of the session runs", shell.running(), true)
	s.expect("the background runs", background.running(), true)

	s.do("the background reads from the terminal")
	background.begun(unix.SYS_READ, tty, actor.Scratch, 1)
	s.poll("it stops", func() bool { return background.status().Stopped() })
	s.expect("the leader is told that it was stopped by", shell.stopOf(background), signals.SIGTTIN)

	s.do("the terminal goes away")
	s.must(master.Close())
	s.expect("the leader of the session was", shell.ended(), signals.Exit{Signal: signals.SIGHUP})
	// It was stopped, and became an orphaned process group when the leader ended: setpgid(2).
	s.expect("the background, stopped and now without a leader, was", background.ended(), signals.Exit{Signal: signals.SIGHUP})
}

// openTerminal opens a pseudo terminal: pty(7).
func (s *stage) openTerminal() (master *os.File, name string) {
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		s.impossible("there are no pseudo terminals: %v", err)
	}
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	s.must(err)
	s.must(unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0))
	return master, fmt.Sprintf("/dev/pts/%d", number)
}

// open opens a terminal, which becomes the controlling one of the actor's session.
func (p *player) open(name string) (fd uintptr) {
	p.s.must(p.Write(actor.Scratch, append([]byte(name), 0)))
	here := unix.AT_FDCWD
	return uintptr(p.call(unix.SYS_OPENAT, uintptr(here), actor.Scratch, unix.O_RDWR, 0))
}

// typed presses a key.
func (s *stage) typed(master *os.File, key byte, name string) {
	s.do("%s is typed", name)
	_, err := master.Write([]byte{key})
	s.must(err)
}

// stopOf waits for a child that has stopped, as the actor, and returns by which signal.
func (p *player) stopOf(child *player) signals.Signal {
	p.call(unix.SYS_WAIT4, uintptr(child.PID), actor.Scratch, unix.WUNTRACED, 0)
	var status [4]byte
	p.s.must(p.Read(actor.Scratch, status[:]))
	return signals.Signal(unix.WaitStatus(binary.NativeEndian.Uint32(status[:])).StopSignal())
}
