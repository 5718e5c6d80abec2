package pid1

import (
	"supervise/internal/sys"
	"supervise/signals"
	"supervise/signals/send"
)

// restartTimeout is how long a command may take to end for a restart if there is no stop
// timeout.
const restartTimeout = 10 * second

// stopping is the state of a request to end the command.
type stopping struct {
	delayed signals.Info   // the request that is delayed while the command drains
	by      signals.Info   // the request that was forwarded
	sentAs  signals.Signal // the signal that the command got for it
	restart bool           // start the command again afterwards
}

func (p *stopping) requested() bool { return p.by.Signal != 0 }

// stop handles a request to end the command: at once, or after it has drained. A second
// request ends the drain.
func (s *supervisor) stop(info signals.Info) {
	if s.stopping.restart {
		s.stopping.restart = false
		s.log.say(Info, "ending instead of restarting: "+info.String())
	}
	switch {
	case s.alarms.pending(alarmDrain):
		s.alarms.clear(alarmDrain)
		delayed := s.stopping.delayed
		s.stopNow(delayed)
		if delayed.Signal != info.Signal {
			s.stopNow(info)
		}
	case s.Drain > 0 && !s.stopping.requested():
		s.stopping.delayed = info
		s.alarms.in(alarmDrain, s.Drain)
		s.log.say(Info, "draining before "+info.String()+" is forwarded", number("milliseconds", int(s.Drain/millisecond)))
	default:
		s.stopNow(info)
	}
}

// drained forwards the delayed request.
func (s *supervisor) drained() {
	if s.phase != clearing {
		s.stopNow(s.stopping.delayed)
	}
}

func (s *supervisor) stopNow(info signals.Info) {
	s.stopping.by, s.stopping.sentAs = info, s.Rewrite.Of(info.Signal)
	s.forward(info)
	if s.StopTimeout > 0 {
		s.armKill(s.StopTimeout)
	}
}

// armKill gives the command some time to end; a later request does not extend it. A stopped
// command is continued, as it could not even receive the request.
func (s *supervisor) armKill(timeout int64) {
	if s.phase == running {
		if stat, err := sys.ReadStat(s.command.PID); err == nil && stat.State == 'T' {
			_ = send.Process(s.command.PID, signals.SIGCONT)
		}
	}
	if !s.alarms.pending(alarmKill) {
		s.alarms.in(alarmKill, timeout)
	}
}

// restart ends the command, to start it again when it has ended.
func (s *supervisor) restart(info signals.Info) {
	if s.stopping.requested() || s.alarms.pending(alarmDrain) {
		s.log.say(Info, "not restarting, as the command is ending: "+info.String())
		return
	}
	s.log.say(Info, "restarting the command: "+info.String(), number("pid", s.command.PID))
	s.stopping.restart, s.stopping.by = true, info
	s.stopping.sentAs = signals.SIGTERM
	request := info
	request.Signal = signals.SIGTERM
	s.forward(request)
	timeout := s.StopTimeout
	if timeout == 0 {
		timeout = restartTimeout
	}
	s.armKill(timeout)
}

// startAgain starts the command again, and reports whether it runs.
func (s *supervisor) startAgain() bool {
	s.stopping = stopping{}
	s.killing, s.stopForwarded, s.killer = false, false, ""
	s.alarms = alarms{}
	s.terminal.Given = s.terminal.Given && (s.terminal.FD < 0 || s.terminal.idle())
	s.closeCommand()
	if err := s.start(); err != nil {
		s.exit = signals.Exit{Code: s.cannotStart(err)}
		return false
	}
	s.phase = running
	s.record()
	s.relay()
	s.log.say(Info, "restarted the command", number("pid", s.command.PID))
	return true
}

// escalate kills a command that has not ended in time, and everything that it has started.
func (s *supervisor) escalate() {
	s.log.say(Warn, "not everything has ended in time after "+s.stopping.by.String()+": killing what is left", word("processes", describe(s.descendants())))
	s.killing = true
	if s.phase == running {
		s.killDescendants()
	} else {
		s.clearDescendants()
	}
}
