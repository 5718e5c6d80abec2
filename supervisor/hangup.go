package supervisor

import (
	"os"

	"golang.org/x/sys/unix"

	"supervise/signals"
	"supervise/supervisor/journal"
	"supervise/supervisor/machine"
)

// hasTerminal reports whether we have a controlling terminal: /dev/tty is it, and cannot be
// opened without one (ENXIO), nor once it has been hung up. tty(4).
func hasTerminal() bool {
	fd, err := unix.Open("/dev/tty", unix.O_RDONLY|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	_ = unix.Close(fd)
	return true
}

// hungUp reports whether a SIGHUP says that our terminal is gone, and is not the wish of
// somebody who wants the configuration read again. The kernel sends it to the leader of the
// session, and when that ends to the foreground: __tty_hangup and disassociate_ctty in
// drivers/tty/tty_jobctrl.c. The leader, a shell, sends it on to its jobs.
func (s *Supervisor) hungUp(info signals.Info) bool {
	switch {
	case info.Signal != signals.SIGHUP, s.in.Inherited().Ignored.Has(signals.SIGHUP): // nohup(1)
		return false
	case info.Code == signals.CodeKernel:
		return true
	case !s.terminal || info.Code != signals.CodeUser:
		return false
	}
	leader, err := unix.Getsid(0)
	return err == nil && leader != os.Getpid() && int(info.PID) == leader && !hasTerminal()
}

// hangUp ends everything, as programs do whose terminal is closed.
func (s *Supervisor) hangUp(info signals.Info) {
	s.asking = asker{who: s.senders.process(info), signal: info}
	defer func() { s.asking = asker{} }()
	text := s.senders.sentence(info) + ", as the terminal is gone: that is a shutdown"
	s.asking.entry = s.add(journal.Entry{Kind: machine.Signal.String(), By: s.asking.who, Text: "came: " + text}, 0)
	s.log.Info().Msg(text + "; a rule for SIGHUP in [signals] is obeyed instead")
	s.dispatch(machine.Event{Kind: machine.Shutdown, Info: info})
}
