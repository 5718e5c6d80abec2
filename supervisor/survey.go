package supervisor

import (
	"slices"

	"supervise/supervisor/machine"
)

// survey finds out what is left of a generation whose main process has ended.
func (s *Supervisor) survey(action *machine.Action) {
	service := s.services[action.Service]
	survey := service.system.Survey()
	s.result(machine.Event{
		Kind: machine.Surveyed, Service: service.id, Gen: action.Gen,
		PID: int32(survey.Heir), Reason: survey.Reason,
	})
}

// follow takes the process for the main process that the last one has handed over to. The
// service has not ended, and what it was sent was not meant for this process.
func (s *Supervisor) follow(action *machine.Action) {
	followed, pid := s.services[action.Service], int(action.PID)
	s.leaving.clearing = slices.DeleteFunc(s.leaving.clearing, func(other *service) bool { return other == followed })
	followed.ledger.Reset()
	followed.system.Follow(pid)
	s.leaders[pid] = followed
}
