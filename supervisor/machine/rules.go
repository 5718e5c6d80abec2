package machine

import (
	"supervise/config"
	"supervise/signals"
)

// signalled applies the rules to a signal that the supervisor was sent.
func (m *Machine) signalled(info signals.Info) {
	n := Note{Info: info, Event: Signal}
	if !info.Signal.Valid() || info.Signal == signals.SIGCHLD {
		n.Kind, n.Reason = Impossible, info.Signal.String()+" is none that the supervisor is told of"
		m.tell(n)
		return
	}
	switch m.rules[info.Signal] {
	case config.Shutdown:
		m.shutdownAsked(Shutdown)
	case config.ShutdownNow:
		m.shutdownAsked(ShutdownNow)
	case config.Ignore:
		n.Kind = IgnoredSignal
		m.tell(n)
	default:
		m.forward(n)
	}
}

// forward passes a signal to every service that wants it.
func (m *Machine) forward(n Note) {
	targets := m.targets[n.Info.Signal]
	if len(targets) == 0 {
		n.Kind = NoRule
		m.tell(n)
		return
	}
	for _, id := range targets {
		m.dispatch(m.services[id], Signal)
	}
}
