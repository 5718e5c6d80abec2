package supervisor

import (
	"supervise/supervisor/control"
	"supervise/supervisor/control/request"
	"supervise/supervisor/logger"
	"supervise/supervisor/machine"
)

// reopenLogs has log files opened anew because the rule of a signal says so.
func (s *Supervisor) reopenLogs(action *machine.Action) {
	ids := []machine.ServiceID{action.Service}
	if action.Service == machine.NoService {
		ids = s.All()
	}
	for _, id := range ids {
		s.reopenLog(s.services[id], func(request.Outcome) {})
	}
}

// answerReopen has log files opened anew, and answers when they are.
func (s *Supervisor) answerReopen(call *control.Call, r request.Reopen) {
	found, ok := s.calls.Find(call, r.Target)
	if !ok {
		return
	}
	s.log.Info().Str(logger.By, s.asker(call).String()).Msg("log files are to be opened anew")
	outcomes, left := make([]request.Outcome, len(found)), len(found)
	if left == 0 {
		s.reply(call, &request.Reply{Outcomes: outcomes})
	}
	for i, id := range found {
		s.reopenLog(s.services[id], func(outcome request.Outcome) {
			outcomes[i] = outcome
			if left--; left == 0 {
				s.reply(call, &request.Reply{Outcomes: outcomes})
			}
		})
	}
}

// reopenLog calls done on the loop, once.
func (s *Supervisor) reopenLog(service *service, done func(request.Outcome)) {
	name := service.name()
	has := service.system.ReopenLog(func(err error) {
		if err != nil {
			s.log.Error().Err(err).Str(logger.Service, name).Msg("cannot open its log file anew")
			done(request.Outcome{Service: name, Result: "failed", Text: err.Error()})
			return
		}
		done(request.Outcome{Service: name, OK: true, Result: "reopened", Text: "its log is open where it should be"})
	})
	if !has {
		done(request.Outcome{Service: name, OK: true, Result: "none", Text: "it has no log file"})
	}
}
