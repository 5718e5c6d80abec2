package pid1

import (
	"slices"
	"strconv"
	"syscall"

	"supervise/internal/sys"
	"supervise/internal/text/escape"
	"supervise/signals"
	"supervise/signals/send"
)

// Descendants are the living processes that the command has started, directly or not: for PID
// 1 everything in the namespace, else every process below us.

// killTimeout is how long descendants may take to end after SIGKILL; only a process that
// hangs in the kernel takes long.
const killTimeout = 10 * second

// killRounds bounds how often one call looks for processes that fork faster than they can be
// listed. Each one that ends triggers another look.
const killRounds = 20

// descendants returns the living processes that descend from us, but for the recorder.
func (s *supervisor) descendants() []sys.Stat {
	found := descendants(s.pid)
	return slices.DeleteFunc(found, func(stat sys.Stat) bool { return s.recorder.is(stat.PID) })
}

// descendants returns the living processes that descend from a process.
func descendants(self int) (found []sys.Stat) {
	var all []sys.Stat
	for stat := range sys.Processes() {
		all = append(all, stat)
	}
	parents := make(map[int]int, len(all))
	for _, stat := range all {
		parents[stat.PID] = stat.Parent
	}
	for _, stat := range all {
		parent := stat.Parent
		for depth := 0; parent != self && parent != 0 && depth < len(all); depth++ {
			parent = parents[parent]
		}
		if parent == self && !stat.Zombie() {
			found = append(found, stat)
		}
	}
	return found
}

// signalDescendants sends a signal to all descendants as ourselves.
func (s *supervisor) signalDescendants(signal signals.Signal) {
	if s.pid == 1 {
		_ = sys.Kill(-1, signal)
		return
	}
	for _, stat := range s.descendants() {
		signalIfSame(stat, signal)
	}
}

// killDescendants kills all descendants. First it stops everything that could fork, until a
// look finds nothing new, so that none escapes.
func (s *supervisor) killDescendants() {
	if s.pid == 1 {
		_ = sys.Kill(-1, signals.SIGKILL) // the kernel kills all at once
		return
	}
	stopped := map[int]sys.Stat{}
	for range killRounds {
		fresh := false
		for _, stat := range s.descendants() {
			if stopped[stat.PID].Started != stat.Started {
				stopped[stat.PID], fresh = stat, true
				signalIfSame(stat, signals.SIGSTOP)
			}
		}
		if !fresh {
			break
		}
	}
	for _, stat := range stopped {
		signalIfSame(stat, signals.SIGKILL)
	}
}

// signalIfSame signals a process that is another's child, so that it may have ended and its
// pid been reused since it was listed: only the same process is signalled.
func signalIfSame(stat sys.Stat, signal signals.Signal) {
	fd, err := sys.OpenPID(stat.PID)
	if err == syscall.ESRCH {
		return
	}
	opened := err == nil
	if now, gone := sys.ReadStat(stat.PID); gone == nil && now.Started == stat.Started {
		if opened {
			err = sys.KillPIDFD(fd, uint8(signal))
		}
		if err != nil && err != syscall.ESRCH { // no pidfds before Linux 5.3, or a seccomp filter
			_ = send.Process(stat.PID, signal)
		}
	}
	if opened {
		_ = syscall.Close(fd)
	}
}

// forwardToOrphans forwards a signal after the command has ended: to its descendants that are
// our own children by now.
func (s *supervisor) forwardToOrphans(info signals.Info) {
	for _, stat := range s.descendants() {
		if stat.Parent == s.pid {
			result := s.sendTo(stat.PID, info)
			if s.log.enabled(Debug) {
				s.log.say(Debug, "forwarded "+info.String()+" to an orphan: "+result.String(), number("to", stat.PID), word("name", stat.Name))
			}
		}
	}
}

// clearDescendants begins to end the descendants.
func (s *supervisor) clearDescendants() {
	s.phase = clearing
	if s.killing || s.Grace == 0 {
		s.graceEnded()
		return
	}
	s.log.say(Info, "ending what the command has left", number("milliseconds", int(s.Grace/millisecond)))
	s.signalDescendants(signals.SIGTERM)
	s.signalDescendants(signals.SIGCONT)
	s.alarms.in(alarmGrace, s.Grace)
}

// graceEnded kills the descendants.
func (s *supervisor) graceEnded() {
	if s.phase != clearing {
		return
	}
	s.alarms.clear(alarmGrace)
	if names := describe(s.descendants()); names != "" && !s.killing {
		s.log.say(Warn, "killing what is left of the command", word("processes", names))
	}
	s.killing = true
	s.killDescendants()
	s.alarms.in(alarmGiveUp, killTimeout)
}

// giveUp leaves behind descendants that do not end.
func (s *supervisor) giveUp() {
	s.log.say(Error, "not even SIGKILL ends what is left", word("processes", describe(s.descendants())))
	s.phase = over
}

// describe names processes: "12 (sleep), 13 (sh)".
func describe(stats []sys.Stat) string {
	const most = 10
	text := ""
	for i, stat := range stats {
		if i == most {
			return text + " and " + strconv.Itoa(len(stats)-most) + " more"
		}
		if i > 0 {
			text += ", "
		}
		text += strconv.Itoa(stat.PID) + " (" + escape.Name(stat.Name) + ")"
	}
	return text
}
