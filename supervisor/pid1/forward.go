package pid1

import (
	"supervise/signals"
	"supervise/signals/queue"
	"supervise/signals/send"
)

// backlogLimit is how many real-time signals may wait for the command before later ones are
// left in the kernel: at most 12 MiB.
const backlogLimit = 1 << 18

// relay lets the intake itself forward the signals about which nothing has to be decided,
// unless some wait here that must go first.
func (s *supervisor) relay() {
	switch {
	case s.phase != running, s.Pause, s.ByKill, s.log.enabled(Debug), s.backlog.Len() > 0, s.Group && s.command.PIDFD < 0:
		s.in.Relay(0, 0)
	case s.Group:
		s.in.RelayGroup(s.command.PIDFD, Forwarded&^s.Decided(s.pid, s.terminal.FD >= 0))
	default:
		s.in.Relay(s.command.PID, Forwarded&^s.Decided(s.pid, s.terminal.FD >= 0))
	}
}

// receive decides what to do about a signal.
func (s *supervisor) receive(info signals.Info) {
	s.last = info
	s.before, _ = s.in.Relayed()
	switch {
	case s.Pause:
		if info.Signal == signals.SIGTERM || info.Signal == signals.SIGINT {
			s.phase = over
		}
	case s.Drops(s.pid, info.Signal, info.Code):
		if s.log.enabled(Debug) {
			s.log.say(Debug, "not forwarded: "+info.String())
		}
	case s.RestartOn.Has(info.Signal) && s.phase == running:
		s.restart(info)
	case s.StopSignals.Has(info.Signal) && s.handlesStop() && s.phase != clearing:
		s.stop(info)
	default:
		s.forward(info)
	}
	if s.WarnReaped {
		s.maybeScanZombies()
	}
}

// forward forwards one signal as what it is rewritten to, or keeps it behind others that
// wait.
func (s *supervisor) forward(info signals.Info) {
	received := info
	info.Signal = s.Rewrite.Of(info.Signal)
	switch {
	case info.Signal == 0:
		if s.log.enabled(Debug) {
			s.log.say(Debug, "dropped, as it is rewritten to 0: "+received.String())
		}
	case s.phase != running:
		s.forwardToOrphans(info)
	case info.Signal.RealTime() && s.backlog.Len() > 0:
		s.keep(info)
	default:
		s.deliver(info, received)
	}
	s.afterForward(received.Signal)
}

// deliver sends one signal to the command, or keeps it if the kernel has no room.
func (s *supervisor) deliver(info, received signals.Info) {
	switch result := s.send(info); result {
	case send.OK:
		if s.log.enabled(Debug) {
			text := "forwarded " + received.String()
			if info.Signal != received.Signal {
				text += " as " + info.Signal.String()
			}
			s.log.say(Debug, text, number("to", s.command.PID))
		}
	case send.Again:
		s.keep(info)
		s.relay()
		s.alarms.in(alarmRetry, s.retry.Next())
	case send.Gone:
		s.log.say(Info, "the command has ended before "+info.String()+" could be forwarded")
	case send.Refused:
		s.log.say(Warn, "cannot forward "+info.String()+" to the command: "+result.String())
	}
}

// send sends a signal to the command, or its process group if asked for. It warns once if the
// signal loses its payload and sender.
func (s *supervisor) send(info signals.Info) send.Result {
	result := s.sendOn(info)
	switch {
	case s.ByKill:
	case !send.Queues():
		s.ByKill = true
		s.relay()
		s.log.say(Warn, "signals are forwarded without payload and sender: this system refuses rt_sigqueueinfo")
	case s.Group && !send.QueuesGroups() && !s.warnedGroup:
		s.warnedGroup = true
		s.log.say(Warn, "signals are forwarded to the group without payload and sender: queueing them for a group needs Linux 6.9 and one more descriptor than is left")
	}
	return result
}

func (s *supervisor) sendOn(info signals.Info) send.Result {
	group := s.Group
	if info.Signal == signals.SIGCONT && s.continuing() {
		group = true
	}
	if group {
		result := send.Gone
		if s.ByKill {
			result = send.Group(s.command.PID, info.Signal)
		} else {
			result = send.InfoGroup(s.command.PID, s.command.PIDFD, info)
		}
		if result != send.Gone {
			return result
		}
		// The command has moved to another group; signal it alone.
	}
	return s.sendTo(s.command.PID, info)
}

// sendTo sends a signal to one process, by queue or kill as asked for.
func (s *supervisor) sendTo(pid int, info signals.Info) send.Result {
	if s.ByKill {
		return send.Process(pid, info.Signal)
	}
	return send.Info(pid, info)
}

// keep appends a real-time signal to the backlog. When that is full, later ones are left in
// the kernel, where their senders can see them.
func (s *supervisor) keep(info signals.Info) {
	s.backlog.Push(queue.Item{Info: info})
	if s.backlog.Full() && !s.held {
		s.held = true
		s.in.Hold(signals.Full)
		s.log.say(Warn, "the command does not take its real-time signals: no more are received", number("waiting", s.backlog.Len()))
	}
}

// flush forwards what waits, as far as the kernel takes it.
func (s *supervisor) flush() {
	for {
		item, ok := s.backlog.Front()
		if !ok {
			break
		}
		if s.send(item.Info) == send.Again {
			break
		}
		s.backlog.Pop()
		s.retry.Reset()
	}
	if s.held && s.backlog.Len() < backlogLimit/2 {
		s.held = false
		s.in.Release(signals.Full)
	}
	if s.backlog.Len() > 0 {
		s.alarms.in(alarmRetry, s.retry.Next())
	}
	s.relay()
}
