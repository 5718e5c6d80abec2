package machine

import (
	"slices"
	"strconv"

	"supervise/config"
)

// Revision numbers the configurations of a machine. That of [New] is 1.
type Revision uint32

// offer is a configuration that an Update may put in force.
type offer struct {
	file    *config.File
	restart []string // the services whose changed settings take a restart
}

// Offer hands over another configuration, and returns its number. restart names the changed
// services whose new settings take effect only with a restart: the machine does not know all
// that a process is started with. Nothing changes until an Update event with that number;
// another Offer before it replaces this one. The machine keeps file, which must not be
// changed any more.
//
// The configuration is applied by the event and not by the call, so that a journal says when
// that was; a replay of it offers the same files in the same order.
func (m *Machine) Offer(file *config.File, restart []string) Revision {
	m.revision++
	m.offered = offer{file, restart}
	return m.revision
}

// updateReceived applies the configuration that was offered.
func (m *Machine) updateReceived() {
	next := m.offered
	switch {
	case m.ShuttingDown():
		m.act(Action{
			Kind: Tell, Origin: m.shutdown.origin, Service: NoService,
			Note: Note{Kind: RefusedCommand, Event: Update, Why: ShutdownBegun},
		})
	case next.file == nil || m.event.Revision != m.revision:
		reason := "configuration " + strconv.Itoa(int(m.event.Revision)) + " is not on offer"
		m.tell(Note{Kind: Impossible, Event: Update, Reason: reason})
	default:
		m.offered = offer{}
		m.update(next)
	}
}

// update applies a configuration. It removes services, in the order of the old file, and then
// starts and restarts others, in the order of the new one.
func (m *Machine) update(next offer) {
	before, added := m.file, m.added(next.file)
	settings := settingsByName(before)
	m.putInForce(next.file)
	m.tell(Note{Kind: Updated, Count: int(m.revision)})
	for i := range before.Services {
		name := before.Services[i].Name
		_, stays := added[name]
		if id, ok := m.names[name]; ok && !stays {
			m.commandFor(m.services[id], Remove)
		}
	}
	for i := range next.file.Services {
		name := next.file.Services[i].Name
		switch s := m.services[m.names[name]]; {
		case added[name] && s.spec.Enabled:
			m.commandFor(s, Start)
		case !added[name] && s.Wanted == Up && slices.Contains(next.restart, name):
			m.commandFor(s, Restart)
		case !added[name] && s.Wanted == Up:
			m.bringNew(settings[name], s)
		}
	}
}

// bringNew starts what a service needs by its new settings and not by its old ones. What it has
// needed before stays as somebody may have wanted it.
func (m *Machine) bringNew(old *config.Service, s *service) {
	if old == nil {
		return
	}
	for _, name := range newNeeds(&old.Order, &s.spec.Order) {
		if id, ok := m.names[name]; ok && m.services[id].Wanted == Down {
			m.commandFor(m.services[id], Start)
		}
	}
}

// added says for each service in a file whether it is new: no service has its name, or only
// one that is being removed.
func (m *Machine) added(file *config.File) map[string]bool {
	added := make(map[string]bool, len(file.Services))
	for i := range file.Services {
		name := file.Services[i].Name
		id, ok := m.names[name]
		added[name] = !ok || m.services[id].Wanted == Absent
	}
	return added
}

// putInForce applies the settings of a file to its services, which are identified by name.
// Others keep theirs until they are removed.
func (m *Machine) putInForce(file *config.File) {
	m.file = file
	m.setRules()
	m.shutdown.timeout = file.Supervisor.ShutdownTimeout
	for i := range file.Services {
		m.spec = &file.Services[i]
		if id, ok := m.names[m.spec.Name]; ok {
			m.dispatch(m.services[id], Update)
		} else {
			m.add(m.spec)
		}
	}
	m.findTargets()
	m.link()
}

// add appends a service, Stopped.
func (m *Machine) add(spec *config.Service) *service {
	i := len(m.services)
	s := &service{id: ServiceID(i), spec: spec}
	s.deadline.rank = i*ranks + rankState
	s.outbox.retry.rank = i*ranks + rankRetry
	s.remnant.rank = i*ranks + rankRemnant
	s.ready.rank = i*ranks + rankReady
	s.outbox.configure(spec.Signals)
	m.services = append(m.services, s)
	m.names[spec.Name] = s.id
	return s
}

// findTargets finds out which services forward each signal.
func (m *Machine) findTargets() {
	for i := range m.targets {
		m.targets[i] = m.targets[i][:0]
	}
	for _, s := range m.services {
		for from := range s.spec.Signals.Forward {
			if from.Valid() {
				m.targets[from] = append(m.targets[from], s.id)
			}
		}
	}
}

// respecified applies new settings to a service. Those of its signals take effect at once, all
// others with its next decision.
func (m *Machine) respecified(s *service) {
	m.noteReached(s)
	m.timers.clear(&s.ready) // there may be another time for that
	s.spec = m.spec
	if s.Wanted == Absent {
		s.Wanted, s.WantedBy = Down, m.seq
		m.reply(s, Note{Kind: Kept, From: s.State})
	}
	before := s.outbox.heldBack()
	s.outbox.configure(s.spec.Signals)
	after := s.outbox.heldBack()
	m.hold(s, after&^before, +1)
	m.hold(s, before&^after, -1)
}

// remove removes a service without processes. Signals that wait for it are dropped first,
// while it still has a name.
func (m *Machine) remove(s *service) {
	m.settle(s)
	m.enter(s, Removed)
	m.do(s, Action{Kind: Forget})
	delete(m.names, s.spec.Name)
	linked := s.linked()
	s.spec = &config.Service{Name: s.spec.Name} // or it would keep an old file in memory
	m.findTargets()
	if linked {
		m.link()
	}
}
