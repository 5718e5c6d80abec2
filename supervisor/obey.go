package supervisor

import (
	"supervise/config"
	"supervise/signals"
	"supervise/supervisor/control"
	"supervise/supervisor/control/request"
	"supervise/supervisor/journal"
	"supervise/supervisor/machine"
)

// obey carries out the command that the rules have for a signal. It reports false where
// they have none: then the machine decides.
func (s *Supervisor) obey(info signals.Info) bool {
	if s.file.HangUp && s.hungUp(info) {
		s.hangUp(info)
		return true
	}
	command, ok := s.file.Commands[info.Signal]
	if !ok {
		return false
	}
	s.asking = asker{who: s.senders.process(info), signal: info}
	defer func() { s.asking = asker{} }()
	s.asking.entry = s.add(journal.Entry{
		Kind: machine.Signal.String(), By: s.asking.who,
		Text: "came: " + s.senders.sentence(info) + ", whose rule is " + command.String(),
	}, 0)
	switch command.Verb {
	case config.CommandUpdate:
		s.update(&control.Call{}, request.Update{File: command.File})
	case config.CommandRun:
		s.runHook(command, info)
	default:
		for _, service := range s.meant(command, info) {
			s.order(service, command.Verb)
		}
	}
	return true
}

// meant returns the services that a command is about: those named in the rule, or the one
// whose place in the list of status is the signal's payload.
func (s *Supervisor) meant(command config.Command, info signals.Info) (found []*service) {
	if !command.FromValue {
		for _, name := range command.Services {
			if service := s.byName[name]; service != nil {
				found = append(found, service)
			}
		}
		return found
	}
	listed := s.listed()
	if info.Code != signals.CodeQueue || info.Value >= uint64(len(listed)) {
		s.log.Warn().Stringer("signal", info.Signal).Uint64("value", info.Value).Int("services", len(listed)).
			Msg("no service: the signal's value is to be its place in the list of status, from 0")
		return nil
	}
	return listed[info.Value : info.Value+1]
}

// listed are the services as status lists them.
func (s *Supervisor) listed() []*service {
	listed := make([]*service, 0, len(s.services))
	for _, service := range s.services {
		if !service.removed {
			listed = append(listed, service)
		}
	}
	return listed
}

// order has one service do what a rule says.
func (s *Supervisor) order(service *service, verb config.Verb) {
	var g goal
	switch verb {
	case config.CommandStart:
		s.dispatch(machine.Event{Kind: machine.Start, Service: service.id})
		return
	case config.CommandStop:
		s.dispatch(machine.Event{Kind: machine.Stop, Service: service.id})
		return
	case config.CommandRestart:
		s.dispatch(machine.Event{Kind: machine.Restart, Service: service.id})
		return
	case config.CommandReload:
		g = s.reload(service)
	case config.CommandPause:
		g = s.pause(service)
	case config.CommandContinue:
		g = s.resume(service)
	}
	if g.done && !g.outcome.OK {
		s.log.Warn().Str(serviceField, service.name()).Str("by", s.asking.String()).
			Msg("cannot " + verb.String() + ": it " + g.outcome.Text)
	}
}
