package pid1

import (
	"syscall"

	"supervise/internal/sys"
	"supervise/signals"
)

// finish logs why we exit, and returns the status to exit with. It does not return if we are
// to die of the command's signal.
func (s *supervisor) finish() (status int) {
	if s.Pause {
		s.log.say(Info, "exiting: "+s.last.String(), number("orphans", s.orphans))
		return 0
	}
	status = s.Remap.Of(s.status())
	s.logExit(status)
	if s.ExitBySignal && s.exit.Signal != 0 && status == s.exit.Status() {
		s.dieBySignal(s.exit.Signal)
	}
	return status
}

// status is the command's, or 0 if it was asked to end and has.
func (s *supervisor) status() int {
	asked := s.stopping.sentAs
	if s.ExitZeroOnStop && s.stopping.requested() && asked != 0 &&
		(s.exit.Signal == asked || s.exit.Signal == 0 && s.exit.Code == 128+int(asked)) {
		return 0
	}
	return s.exit.Status()
}

// logExit writes the last log line: why we exit.
func (s *supervisor) logExit(status int) {
	if lost := s.in.Lost(); lost > 0 {
		s.log.say(Error, "signals were lost on arrival", number("count", int(lost)))
	}
	if waiting := s.backlog.Len(); waiting > 0 {
		s.log.say(Warn, "the command ended with real-time signals still waiting for it", number("count", waiting))
	}
	last := s.lastSignal()
	level := Info // more than that when the command has crashed, or it is known who has killed it
	if s.Crashed(s.exit, last.Signal) || s.Recorder && s.exit.Signal != 0 {
		level = Warn
	}
	if !s.log.enabled(level) {
		return
	}
	fields := []field{word("command", s.name), number("pid", s.command.PID), number("status", status), number("orphans", s.orphans)}
	if last.Signal != 0 {
		fields = append(fields, word("last-signal", last.String()))
	}
	message := "exiting: the command " + exitText(s.exit)
	if s.killer != "" {
		message += ", " + s.killer
	}
	s.log.say(level, message, fields...)
}

// lastSignal is the last one that was forwarded.
func (s *supervisor) lastSignal() signals.Info {
	if count, relayed := s.in.Relayed(); count > s.before {
		return relayed
	}
	return s.last
}

// dieBySignal ends this process by a signal, without a core of its own. It returns if that is
// not possible, as for PID 1.
func (s *supervisor) dieBySignal(signal signals.Signal) {
	_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{})
	if signal.Catchable() {
		_ = sys.SetDefault(signal)
	}
	before := sys.SetMask(signals.Full.Without(signal))
	_ = sys.KillThread(s.pid, syscall.Gettid(), signal)
	sys.SetMask(before)
}

// exitText says how a process ended: "exited with code 3", "was killed by SIGKILL".
func exitText(exit signals.Exit) string {
	if exit.Signal != 0 {
		return "was " + exit.String()
	}
	return exit.String()
}
