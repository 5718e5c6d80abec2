package machine

import "supervise/config"

// link finds the place of each service in the graph, by the settings that it has. One that the
// file in force does not have any more keeps its conditions until it is removed, so that it
// stops in order; but it is before nobody: with that and the conditions of others that are newer
// there could be a circle. All whose place this may change are looked at again.
func (m *Machine) link() {
	if !m.ordered && !ordered(m.file) {
		return
	}
	m.ordered = ordered(m.file)
	inForce := settingsByName(m.file)
	for _, s := range m.services {
		if s.linked() {
			m.enqueue(s)
		}
		s.needs, s.neededBy = nil, nil // and not emptied: somebody may be reading them
	}
	for _, s := range m.services {
		if s.State == Removed {
			continue
		}
		m.ordered = m.ordered || hasConditions(s.spec)
		for _, need := range s.spec.Order.Requires {
			m.connect(s, need.Service, edge{kind: requires, until: need.Until, onLoss: need.OnLoss})
		}
		m.connectAll(s, s.spec.Order.Milestone, milestone)
		m.connectAll(s, s.spec.Order.Wants, wants)
		m.connectAll(s, s.spec.Order.After, after)
		if inForce[s.spec.Name] != s.spec {
			continue
		}
		for _, name := range s.spec.Order.Before {
			if id, ok := m.names[name]; ok {
				m.connect(m.services[id], s.spec.Name, edge{kind: after})
			}
		}
	}
	for _, s := range m.services {
		if s.linked() {
			m.enqueue(s)
		}
	}
}

// ordered reports whether a file has any conditions.
func ordered(file *config.File) bool {
	for i := range file.Services {
		if hasConditions(&file.Services[i]) {
			return true
		}
	}
	return false
}

func hasConditions(spec *config.Service) bool {
	o := &spec.Order
	return len(o.Requires)+len(o.Milestone)+len(o.Wants)+len(o.After)+len(o.Before) > 0
}

func (m *Machine) connectAll(s *service, names []string, kind edgeKind) {
	for _, name := range names {
		m.connect(s, name, edge{kind: kind})
	}
}

// connect adds a condition of a service about the one that has a name, if there is one.
func (m *Machine) connect(s *service, name string, e edge) {
	id, ok := m.names[name]
	if !ok || id == s.id {
		return
	}
	e.from, e.to = s, m.services[id]
	s.needs = append(s.needs, e)
	e.to.neededBy = append(e.to.neededBy, e)
}

// newNeeds are the services that one needs by its new settings and not by its old ones.
func newNeeds(old, now *config.Order) []string {
	had := map[string]bool{}
	for _, name := range needed(old) {
		had[name] = true
	}
	var names []string
	for _, name := range needed(now) {
		if !had[name] {
			had[name] = true
			names = append(names, name)
		}
	}
	return names
}

// needed are the services that one brings up with it.
func needed(o *config.Order) []string {
	var names []string
	for _, need := range o.Requires {
		names = append(names, need.Service)
	}
	return append(append(names, o.Milestone...), o.Wants...)
}
