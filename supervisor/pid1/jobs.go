package pid1

import (
	"syscall"

	"supervise/internal/sys"
	"supervise/signals"
	"supervise/supervisor/process"
)

// Job control. The shell that started us waits for our process to stop, but Ctrl-Z stops the
// command, which is alone in the foreground. So when a terminal's signal stops the command,
// we stop by the same signal, and when the shell continues us, the command gets its terminal
// and a SIGCONT:
//
//	^Z ─► command's group stops ─► SIGCHLD ─► we stop ─► the shell prompts
//	fg ─► shell: foreground to our group, SIGCONT ─► we: foreground to the command's, SIGCONT
//
// Where nobody could continue us, in a container for example, the kernel refuses to stop us.
// Then the command is continued at once: without us in between it would not have stopped
// either (POSIX: "orphaned process group").

// followsStops reports whether we may have to stop when the command does.
func (s *supervisor) followsStops() bool {
	return s.phase == running && !s.StopAlong && !s.Pause && (s.terminal.FD >= 0 || s.stopForwarded)
}

// followStop stops us as well, if the command was stopped for job control.
func (s *supervisor) followStop() {
	by, stopped := sys.Stopped(s.command.PID)
	if !stopped || !JobSignals.Has(by) {
		return
	}
	if s.log.enabled(Debug) {
		s.log.say(Debug, "the command was stopped by "+by.String()+": stopping as well")
	}
	if s.pid != 1 && stopSelf(by) {
		return // SIGCONT is pending, and forwarded like any other signal
	}
	if s.stopForwarded {
		return // as somebody asked for
	}
	if by == signals.SIGTSTP || s.terminal.idle() {
		if by != signals.SIGTSTP {
			sys.SetForeground(s.terminal.FD, s.command.PID)
		}
		s.log.say(Info, "the terminal has stopped the command, and nobody could continue it: continuing it")
		_ = sys.Kill(-s.command.PID, signals.SIGCONT)
	}
}

// stopSelf stops this process by a signal's default action. When SIGCONT has come, it reports
// whether the kernel did stop us.
func stopSelf(by signals.Signal) (did bool) {
	before := sys.SetMask(signals.Full.Without(by))
	_ = sys.KillThread(syscall.Getpid(), syscall.Gettid(), by) // we stop here
	sys.SetMask(before)
	return sys.Pending().Has(signals.SIGCONT)
}

// afterForward updates our own state after a signal was forwarded.
func (s *supervisor) afterForward(received signals.Signal) {
	switch {
	case received == signals.SIGCONT:
		s.stopForwarded = false
	case !JobSignals.Has(received):
	case s.StopAlong:
		_ = sys.Kill(s.pid, signals.SIGSTOP) // without effect as PID 1
	default:
		s.stopForwarded = true
	}
}

// continuing prepares for SIGCONT. It reports whether the whole process group of the command
// must get it, because a terminal may have stopped all of it.
func (s *supervisor) continuing() (group bool) {
	if s.terminal.FD < 0 || s.Placement != process.OwnGroup {
		return false
	}
	if now, ok := sys.Foreground(s.terminal.FD); ok && now == syscall.Getpgrp() {
		sys.SetForeground(s.terminal.FD, s.command.PID)
		s.terminal.Given = true
	}
	return true
}
