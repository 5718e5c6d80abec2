package sim

import (
	"strconv"

	"supervise/config"
	"supervise/signals"
	"supervise/supervisor/machine"
)

// update is an operator with another configuration: services come, change and go.
func (w *world) update() {
	if w.shutdown != never {
		w.feed(machine.Event{Kind: machine.Update, Revision: w.offer(w.file())})
		return // refused
	}
	file := w.anotherFile()
	w.inForce(file)
	before := make([]machine.View, w.m.Len())
	for i := range before {
		before[i] = w.m.View(machine.ServiceID(i))
	}
	w.feed(machine.Event{Kind: machine.Update, Revision: w.offer(file)})
	for i := range before {
		w.checkKept(machine.ServiceID(i), &before[i])
	}
	w.apply(file, len(before))
}

// offer hands a file to both machines.
func (w *world) offer(file *config.File) machine.Revision {
	w.twin.Offer(file)
	return w.m.Offer(file)
}

// anotherFile has most of the services that there are, half of them with other settings,
// and maybe a new one.
func (w *world) anotherFile() *config.File {
	file := w.file()
	file.Services = nil
	if w.chance(3) {
		file.Signals[signals.SIGHUP] = config.Ignore
	}
	for i := range w.services {
		s := &w.services[i]
		switch {
		case s.state == machine.Removed || w.chance(4):
		case w.chance(2):
			file.Services = append(file.Services, w.specOf(s.spec.Name))
		default:
			file.Services = append(file.Services, *s.spec)
		}
	}
	// The name may be that of a service that is still on its way out, or of one removed.
	name := "s" + strconv.Itoa(w.random.IntN(2*maxServices))
	if len(file.Services) < maxServices && w.chance(2) && !has(file, name) {
		file.Services = append(file.Services, w.specOf(name))
	}
	return file
}

func has(file *config.File, name string) bool {
	for i := range file.Services {
		if file.Services[i].Name == name {
			return true
		}
	}
	return false
}

// inForce has the world know what the machine is about to be told.
func (w *world) inForce(file *config.File) {
	w.spec = file
	for i := range file.Services {
		spec := &file.Services[i]
		id, ok := w.m.Find(spec.Name)
		if !ok {
			w.services = append(w.services, service{spec: spec})
			continue
		}
		s := &w.services[id]
		if s.spec.Signals.Queue != spec.Signals.Queue {
			s.bound = w.m.View(id).Held
		}
		s.spec, s.changed = spec, true
	}
}

// checkKept finds what an update has changed of a service besides its settings.
func (w *world) checkKept(id machine.ServiceID, before *machine.View) {
	after := w.m.View(id)
	if before.Wanted == machine.Absent && before.State != machine.Removed && has(w.spec, w.services[id].spec.Name) {
		before.Wanted = machine.Down
	}
	before.Holding, before.Queue = after.Holding, after.Queue
	if before.Rung == 0 {
		before.Rungs = after.Rungs
	}
	if after != *before {
		w.fail(id, "an update has changed what is there of it from %+v to %+v", *before, after)
	}
}

// apply does what is to follow an update, or some of it: stops what is gone from the
// file, starts what is new in it, restarts what has changed.
func (w *world) apply(file *config.File, known int) {
	for i := range w.services {
		s, id := &w.services[i], machine.ServiceID(i)
		switch {
		case w.err != nil || s.state == machine.Removed:
		case i >= known:
			if found, ok := w.m.Find(s.spec.Name); !ok || found != id {
				w.fail(id, "it has the id %d", found)
			}
			if s.spec.Enabled {
				w.feed(machine.Event{Kind: machine.Start, Service: id})
			}
		case !has(file, s.spec.Name):
			if !w.chance(4) {
				w.feed(machine.Event{Kind: machine.Remove, Service: id})
			}
		case w.chance(4):
			w.feed(machine.Event{Kind: machine.Restart, Service: id})
		}
	}
}

// removed reports whether an event is about a service that is no more.
func (w *world) removed(ev machine.Event) bool {
	switch ev.Kind {
	case machine.Boot, machine.Signal, machine.Tick, machine.Update, machine.Shutdown, machine.ShutdownNow:
		return false
	}
	return w.services[ev.Service].state == machine.Removed
}

// checkNobody looks at the answer to an event about a service that is no more.
func (w *world) checkNobody(actions []machine.Action) {
	if len(actions) != 1 || actions[0].Note.Kind != machine.NoSuchService {
		w.fail(machine.NoService, "%v, about a service that is no more", actions)
	}
}
