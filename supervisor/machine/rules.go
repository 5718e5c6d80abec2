package machine

import (
	"strconv"

	"supervise/config"
	"supervise/signals"
)

// rule is what the configuration has for one signal to the supervisor.
type rule struct {
	does    config.Rule
	command *config.Command // nil: there is none, and does counts
}

// setRules takes the rules of the file in force.
func (m *Machine) setRules() {
	clear(m.rules[:])
	for s, does := range m.file.Signals {
		if s.Valid() {
			m.rules[s].does = does
		}
	}
	for s, command := range m.file.Commands {
		if s.Valid() {
			m.rules[s].command = &command
		}
	}
}

// signalReceived applies the rules to a signal that the supervisor was sent.
func (m *Machine) signalReceived() {
	info := m.event.Info
	if !info.Signal.Valid() || info.Signal == signals.SIGCHLD {
		m.tell(Note{Kind: Impossible, Event: Signal, Info: info, Reason: info.Signal.String() + " is none that the supervisor is told of"})
		return
	}
	r := m.rules[info.Signal]
	switch {
	case m.event.TerminalGone && m.file.HangUp && info.Signal == signals.SIGHUP:
		m.tell(Note{Kind: HungUp, Event: Signal, Info: info})
		m.shutdownAsked(Shutdown)
	case r.command != nil:
		m.runCommand(r.command)
	default:
		m.apply(r.does)
	}
}

// apply applies a rule without a command to the present signal.
func (m *Machine) apply(does config.Rule) {
	info := m.event.Info
	switch does {
	case config.Forward:
		m.forward()
	case config.Shutdown:
		m.shutdownAsked(Shutdown)
	case config.ShutdownNow:
		m.shutdownAsked(ShutdownNow)
	case config.Ignore:
		m.tell(Note{Kind: IgnoredSignal, Event: Signal, Info: info})
	default:
		m.tell(Note{Kind: Impossible, Event: Signal, Info: info, Reason: "there is no rule " + does.String()})
	}
}

// forward passes the present signal to every service that wants it.
func (m *Machine) forward() {
	info := m.event.Info
	targets := m.targets[info.Signal]
	if len(targets) == 0 {
		m.tell(Note{Kind: NoRule, Event: Signal, Info: info})
		return
	}
	for _, id := range targets {
		m.dispatch(m.services[id], Signal)
	}
}

// runCommand carries out the command of a rule.
func (m *Machine) runCommand(command *config.Command) {
	info := m.event.Info
	m.tell(Note{Kind: Obeyed, Event: Signal, Info: info, Reason: command.String()})
	switch command.Verb {
	case config.CommandStart:
		m.commandEach(command, Start)
	case config.CommandStop:
		m.commandEach(command, Stop)
	case config.CommandRestart:
		m.commandEach(command, Restart)
	case config.CommandReload:
		m.commandEach(command, Reload)
	case config.CommandPause:
		m.commandEach(command, Pause)
	case config.CommandContinue:
		m.commandEach(command, Continue)
	case config.CommandUpdate:
		m.act(Action{Kind: Load, Service: NoService, Path: command.File})
	case config.CommandRun:
		m.act(Action{Kind: RunHook, Service: NoService, Info: info})
	case config.CommandReopen:
		m.reopenLogs(command)
	default:
		reason := "there is no command " + strconv.Itoa(int(command.Verb))
		m.tell(Note{Kind: Impossible, Event: Signal, Info: info, Reason: reason})
	}
}

// commandEach gives a command to the services that a rule names, or to the one that the
// signal's value stands for. Names of services that do not exist any more are skipped.
func (m *Machine) commandEach(command *config.Command, kind EventKind) {
	m.eachOf(command, func(s *service) { m.commandFor(s, kind) })
}

// reopenLogs is about the files of services, and so the same in every state.
func (m *Machine) reopenLogs(command *config.Command) {
	if command.All() {
		m.act(Action{Kind: ReopenLog, Service: NoService})
		return
	}
	m.eachOf(command, func(s *service) { m.do(s, Action{Kind: ReopenLog, Origin: m.seq}) })
}

func (m *Machine) eachOf(command *config.Command, do func(*service)) {
	if command.FromValue {
		m.byPlace(do)
		return
	}
	for _, name := range command.Services {
		if id, ok := m.names[name]; ok {
			do(m.services[id])
		}
	}
}

// byPlace is for the service whose place in the list of services, from 0, is the signal's
// value. Removed services are not in that list.
func (m *Machine) byPlace(do func(*service)) {
	info, count := m.event.Info, len(m.names)
	if info.Code != signals.CodeQueue || info.Value >= uint64(count) {
		m.tell(Note{Kind: NoSuchPlace, Event: Signal, Info: info, Count: count})
		return
	}
	place := info.Value
	for _, s := range m.services {
		switch {
		case s.State == Removed:
		case place == 0:
			do(s)
			return
		default:
			place--
		}
	}
}

// commandFor gives a command to a service on behalf of a signal or of an update.
func (m *Machine) commandFor(s *service, kind EventKind) {
	m.reply(s, Note{Kind: Commanded, Event: kind})
	m.command(s, kind)
}
