package supervisor

import "supervise/supervisor/machine"

// carryOut does what the machine has decided.
func (s *Supervisor) carryOut(action *machine.Action) {
	switch action.Kind {
	case machine.Tell:
		s.tell(action)
	case machine.Spawn:
		s.pending.starts = append(s.pending.starts, *action)
	case machine.GiveUpStart:
		s.giveUpStart(action)
	case machine.Send:
		s.send(action)
	case machine.Deliver:
		s.deliver(action)
	case machine.Survey:
		s.survey(action)
	case machine.Follow:
		s.follow(action)
	case machine.Kill:
		s.kill(action)
	case machine.LookForDumps:
		s.lookForDumps(action)
	case machine.KillRemnant:
		s.killRemnant(action)
	case machine.Hold:
		s.held.set |= action.Set
		s.kernel.Hold(action.Set)
	case machine.Release:
		s.held.set &^= action.Set
		s.kernel.Release(action.Set)
	case machine.Inspect:
		s.inspect(action)
	case machine.Report:
		s.calls.Report(action.Service, action.Ticket, action.Note)
	case machine.ReportTail:
		s.services[action.Service].system.ReportTail(action.Final)
	case machine.Forget:
		s.forget(s.services[action.Service])
	case machine.Load:
		s.loadAsked(action)
	case machine.RunHook:
		s.runHook(action)
	case machine.ReopenLog:
		s.reopenLogs(action)
	case machine.Finish:
		s.finished = &ending{status: action.Status}
	}
}
