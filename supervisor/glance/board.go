package glance

import (
	"supervise/supervisor/board/segment"
	"supervise/supervisor/control/table"
)

// onBoard reads how services stand from the status board. ok is false when the supervisor
// has to be asked: it does not run, or is at work, so that who asks may know more already
// than is shown; or there is no such service, or more to be said of one than the board has.
func (q Question) onBoard(dir string) (services []table.Service, ok bool) {
	file, err := segment.Find(dir)
	if err != nil || !file.Owner.Alive() {
		return nil, false
	}
	b, err := file.Attach()
	if err != nil {
		return nil, false
	}
	defer b.Detach()
	if b.Busy() { // look first: what was shown before is told to nobody any more
		return nil, false
	}
	if len(q.names) == 0 {
		services, ok = all(&b)
	} else {
		services, ok = named(&b, q.names)
	}
	return services, ok && !b.Moved()
}

// all reads all services; slots of none are empty.
func all(b *segment.View) (services []table.Service, ok bool) {
	services = make([]table.Service, b.Used())
	n := 0
	for i := range services {
		if !look(b, i, &services[n]) {
			return nil, false
		}
		if services[n].Name != "" {
			n++
		}
	}
	return services[:n], true
}

// named reads some, in the order in which they are named.
func named(b *segment.View, names []string) (services []table.Service, ok bool) {
	services = make([]table.Service, len(names))
	for n, name := range names {
		i := b.Find(name)
		if i < 0 || !look(b, i, &services[n]) || services[n].Name != name {
			return nil, false
		}
	}
	return services, true
}

// look reads slot i into a row of the table; ok is false when that is not everything.
func look(b *segment.View, i int, row *table.Service) (ok bool) {
	s := segment.Slot{State: "running"} // a text that is the same is not made anew
	if !b.Live(i, &s) || s.More {
		return false
	}
	fill(row, &s)
	return true
}

// fill writes a row, member by member: the stack has no room for another one.
func fill(row *table.Service, s *segment.Slot) {
	row.Name, row.State, row.Wanted = s.Name, s.State, "down"
	if s.Paused {
		row.State = "paused"
	}
	if s.Wanted {
		row.Wanted = "up"
	}
	row.PID, row.Ready, row.Since, row.Restarts = int(s.PID), s.Ready, s.Since, int(s.Restarts)
	row.NextRestart, row.Rung, row.Rungs = s.NextRestart, int(s.Rung), int(s.Rungs)
	row.SigQUsed, row.SigQLimit, row.Held, row.Exit = s.SigQUsed, s.SigQLimit, int(s.Held), s.Exit()
}
