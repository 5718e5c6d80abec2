package supervisor

import (
	"strconv"

	"supervise/supervisor/journal"
	"supervise/supervisor/logger"
	"supervise/supervisor/machine"
	"supervise/supervisor/process/tree"
)

// record adds an entry to the journal, and logs it. It returns the number of the entry, or
// of the one that led to it if the journal does not keep it.
func (s *Supervisor) record(entry journal.Entry) uint64 {
	number := s.journal.Add(entry)
	s.logEntry(number)
	return number
}

// recordFact does the same with something that happened beside the machine.
func (s *Supervisor) recordFact(entry journal.Entry, fact journal.Fact) uint64 {
	entry.Fact, entry.Time = fact, s.kernel.Now()
	return s.record(entry)
}

// logEntry logs an entry whose number is that, or that of what led to it.
func (s *Supervisor) logEntry(number uint64) {
	e := s.journal.Present()
	logger.Finish(logger.Line(&s.log, s.names, number, e), e)
}

// tell records a note of the machine, with what only the loop knows about it.
func (s *Supervisor) tell(action *machine.Action) {
	entry := journal.Entry{Action: action}
	if info := action.Note.Info; info.Signal != 0 {
		entry.By = s.askerOf(action, info)
	}
	switch note := action.Note.Kind; {
	case note == machine.Changed && action.Note.To == machine.Running:
		entry.PID = s.leader(s.services[action.Service])
	case note == machine.LeaderExited:
		entry.Verdict = *s.services[action.Service].verdict
		entry.Cause = entry.Verdict.Entry
	case note == machine.StillWaiting, note == machine.SurvivorsRemain:
		entry.Processes = s.processes(s.services[action.Service], nil)
	case note == machine.SurvivesKill, note == machine.LeftBehind:
		entry.Processes = s.survivors(s.services[action.Service])
	}
	number := s.record(entry)
	switch note := action.Note.Kind; {
	case note == machine.SentToMany:
		s.services[action.Service].ledger.Link(action.Note.Info.Signal, number)
	case note == machine.LeaderExited:
		s.services[action.Service].tail.Told(number)
	}
}

// survivors are the processes of a service that SIGKILL does not end, and why: its living ones,
// or the main process that has ended and cannot be reaped.
func (s *Supervisor) survivors(service *service) string {
	living := s.processes(service, s.kernel.Obstacle)
	if pid := s.leader(service); living == "" && pid != 0 {
		if text := s.kernel.Obstacle(pid); text != "" {
			return strconv.Itoa(pid) + " " + text
		}
	}
	return living
}

// processes names the living processes of a service, each with what about says of it, unless
// that is nil.
func (s *Supervisor) processes(service *service, about func(pid int) string) string {
	members, err := service.system.Members()
	if err != nil {
		return err.Error()
	}
	return tree.Names(members, about)
}
