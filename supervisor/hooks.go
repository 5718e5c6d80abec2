package supervisor

import (
	"strings"
	"time"

	"supervise/signals"
	"supervise/supervisor/journal"
	"supervise/supervisor/machine"
)

// hook is a program that runs because of a signal. It is not a service: it is started once,
// and killed with its process group when it times out.
type hook struct {
	signal    signals.Signal
	began     time.Duration
	stopTimer func()
	entry     uint64 // number of the journal entry about its start
	origin    uint64 // number of the entry about the signal
}

// runHook starts the program of a rule.
func (s *Supervisor) runHook(action *machine.Action) {
	command := s.file.Commands[action.Info.Signal]
	origin, signal := s.journal.Of(action.Origin, ""), action.Info.Signal
	s.kernel.StartHook(command, action.Info, func(pid int, err error) {
		if err != nil {
			s.recordFact(journal.Entry{Cause: origin, Origin: origin}, journal.Fact{Kind: journal.HookFailed, Reason: err.Error()})
			return
		}
		entry := s.recordFact(journal.Entry{PID: pid, Cause: origin, Origin: origin},
			journal.Fact{Kind: journal.HookStarted, Command: strings.Join(command.Argv, " ")})
		s.hooks[pid] = hook{
			signal: signal, began: s.kernel.Now(), entry: entry, origin: origin,
			stopTimer: s.kernel.Later(command.Timeout, func() { s.hookTimedOut(pid) }),
		}
	})
}

func (s *Supervisor) hookTimedOut(pid int) {
	if hook, ok := s.hooks[pid]; ok {
		s.recordFact(journal.Entry{PID: pid, Cause: hook.entry, Origin: hook.origin}, journal.Fact{Kind: journal.HookTimedOut})
		s.kernel.KillHook(pid)
	}
}

// hookEnded records the end of a hook, and reports whether the child was one.
func (s *Supervisor) hookEnded(pid int, exit signals.Exit) bool {
	hook, ok := s.hooks[pid]
	if !ok {
		return false
	}
	hook.stopTimer()
	delete(s.hooks, pid)
	s.recordFact(journal.Entry{PID: pid, Cause: hook.entry, Origin: hook.origin}, journal.Fact{Kind: journal.HookEnded, Exit: exit})
	return true
}
