package machine

import (
	"strconv"

	"supervise/config"
)

// Revision numbers the configurations of a machine. That of [New] is 1.
type Revision uint32

// Offer hands over another configuration, and returns its number. Nothing changes
// until an Update event with that number; another Offer before it takes its place.
// The machine keeps file, which must not be changed any more.
//
// The event and not the call is what puts it in force, so that a journal tells when
// that was; whoever replays one offers the same files in the same order.
func (m *Machine) Offer(file *config.File) Revision {
	m.revision++
	m.offered = file
	return m.revision
}

// updateAsked puts in force what was offered.
func (m *Machine) updateAsked(revision Revision) {
	switch {
	case m.ShuttingDown():
		m.act(Action{
			Kind: Tell, Origin: m.shutdown.origin, Service: NoService,
			Note: Note{Kind: RefusedCommand, Event: Update, Why: ShutdownBegun},
		})
	case m.offered == nil || revision != m.revision:
		reason := "configuration " + strconv.Itoa(int(revision)) + " is not on offer"
		m.tell(Note{Kind: Impossible, Event: Update, Reason: reason})
	default:
		m.take(m.offered)
		m.offered = nil
		m.tell(Note{Kind: Updated, Count: int(revision)})
	}
}

// take puts a configuration in force. Its services are known by their names; those
// that it does not have stay as they are until they are removed.
func (m *Machine) take(file *config.File) {
	clear(m.rules[:])
	for s, rule := range file.Signals {
		if s.Valid() {
			m.rules[s] = rule
		}
	}
	m.shutdown.timeout = file.Supervisor.ShutdownTimeout
	for i := range file.Services {
		m.spec = &file.Services[i]
		if id, ok := m.names[m.spec.Name]; ok {
			m.dispatch(m.services[id], Update)
		} else {
			m.add(m.spec)
		}
	}
	m.aim()
}

// add appends a service, Stopped.
func (m *Machine) add(spec *config.Service) {
	i := len(m.services)
	s := &service{id: ServiceID(i), spec: spec}
	s.deadline.rank = i*ranks + rankState
	s.outbox.retry.rank = i*ranks + rankRetry
	s.outbox.configure(spec.Signals)
	m.services = append(m.services, s)
	m.names[spec.Name] = s.id
}

// aim finds out anew who forwards which signals.
func (m *Machine) aim() {
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

// respecified gives a service its new settings. Those of its signals hold at once, all
// others from its next decision on.
func (m *Machine) respecified(s *service) {
	s.spec = m.spec
	if s.wanted == Absent {
		s.wanted, s.wish = Down, m.seq
		m.reply(s, Note{Kind: Kept, From: s.state})
	}
	before := s.outbox.held()
	s.outbox.configure(s.spec.Signals)
	after := s.outbox.held()
	m.hold(s, after&^before, +1)
	m.hold(s, before&^after, -1)
}

// remove is the end of a service of which nothing is left but what waits for it, which
// is given up while it still has a name.
func (m *Machine) remove(s *service) {
	m.settle(s)
	m.enter(s, Removed)
	delete(m.names, s.spec.Name)
	s.spec = &config.Service{Name: s.spec.Name} // all else would keep a file that may be long gone
	m.aim()
}
