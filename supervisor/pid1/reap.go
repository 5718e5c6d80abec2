package pid1

import (
	"syscall"

	"supervise/internal/sys"
)

// reap reaps every child that has ended, and handles the consequences.
func (s *supervisor) reap() {
	if s.phase == running {
		s.EndGroup(s.command.PID)
	}
	s.collect(false)
}

// collect is reap when it is known whether the command is one of those that were reaped already.
func (s *supervisor) collect(ended bool) {
	named := s.WarnReaped || s.log.enabled(Debug)
	left, before := false, s.orphans
	for {
		child, name, ok, more := next(named)
		if !ok {
			left = more
			break
		}
		if child.PID == s.command.PID && s.phase == running && !ended {
			s.in.Relay(0, 0) // its pid may be reused from now on
			s.exit, ended = child.Exit, true
			continue
		}
		if s.isRecorder(child.PID) {
			continue
		}
		s.orphan(child, name)
	}
	switch {
	case ended:
		if s.askRecorder() && left { // or was it the recorder?
			left = sys.HasChildren()
		}
		s.commandEnded(left)
	case s.followsStops():
		s.followStop()
	case s.phase == clearing || s.phase == staying:
		s.descendantsExited(left)
	}
	if s.WarnReaped && s.orphans > before {
		s.maybeScanZombies()
	}
}

// next reaps one child, and first reads its name if named.
func next(named bool) (child sys.Child, name string, ok, more bool) {
	if !named {
		child, ok, more = sys.Reap()
		return child, "", ok, more
	}
	if child, ok, more = sys.Peek(); ok {
		if stat, err := sys.ReadStat(child.PID); err == nil {
			name = stat.Name
		}
		child, ok = sys.ReapOne(child.PID)
	}
	return child, name, ok, more
}

// orphan logs the end of a child that we did not start.
func (s *supervisor) orphan(child sys.Child, name string) {
	s.orphans++
	level := Debug
	if s.WarnReaped {
		level = Warn
	}
	if s.log.enabled(level) {
		s.log.say(level, "reaped an orphan that "+exitText(child.Exit), number("pid", child.PID), word("name", name))
	}
}

// commandEnded decides what follows the end of the command. left reports whether there are
// other children.
func (s *supervisor) commandEnded(left bool) {
	s.alarms.clear(alarmRetry)
	switch {
	case left && (s.KillRemaining || s.killing):
		s.clearDescendants()
	case s.stopping.restart && s.startAgain():
	case left && s.WaitAll:
		s.log.say(Info, "the command "+exitText(s.exit)+"; staying until its descendants have ended")
		s.phase = staying
	default:
		s.phase = over
	}
}

// descendantsExited is called when orphans were reaped after the command. left reports
// whether there are others.
func (s *supervisor) descendantsExited(left bool) {
	switch {
	case left && s.killing:
		s.killDescendants() // others may have been hidden below those that ended
	case left:
	case s.stopping.restart:
		if !s.startAgain() {
			s.phase = over
		}
	default:
		s.phase = over
	}
}

func (s *supervisor) closeCommand() {
	if s.command.PIDFD >= 0 {
		_ = syscall.Close(s.command.PIDFD)
	}
}
