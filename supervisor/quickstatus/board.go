package quickstatus

import (
	"supervise/supervisor/board/segment"
	"supervise/supervisor/status"
)

// onBoard reads how services stand from the status board. ok is false when the supervisor
// has to be asked: it does not run or is stopped, or is at work, so that who asks may know more already
// than is shown; or there is no such service, or more to be said of one than the board has.
func (q Question) onBoard(dir string) (services []status.Service, ok bool) {
	file, err := segment.Find(dir)
	if err != nil || !file.Owner.Working(make([]byte, 1024)) {
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
func all(b *segment.View) (services []status.Service, ok bool) {
	services = make([]status.Service, b.Used())
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
func named(b *segment.View, names []string) (services []status.Service, ok bool) {
	services = make([]status.Service, len(names))
	for n, name := range names {
		i := b.Find(name)
		if i < 0 || !look(b, i, &services[n]) || services[n].Name != name {
			return nil, false
		}
	}
	return services, true
}

// look reads slot i; ok is false when that is not everything.
func look(b *segment.View, i int, s *status.Service) (ok bool) {
	s.State = status.Running // a text that is the same is not made anew
	return b.Live(i, s)
}
