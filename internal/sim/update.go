package sim

import (
	"maps"
	"strconv"

	"supervise/config"
	"supervise/signals"
	"supervise/supervisor/machine"
)

// load is a configuration that somebody has asked to load.
func (w *world) load() {
	w.loading = false
	if w.chance(8) {
		w.feed(machine.Event{Kind: machine.LoadFailed, Reason: "line 3: unknown key"})
		return
	}
	w.update()
}

// update is an operator with another configuration: services come, change and go.
func (w *world) update() {
	if w.shutdown != never {
		w.feed(machine.Event{Kind: machine.Update, Revision: w.offer(w.file(), nil)})
		return // refused
	}
	file := w.anotherFile()
	due := w.due(file)
	w.inForce(file)
	before := make([]machine.View, w.m.Len())
	for i := range before {
		before[i] = w.m.View(machine.ServiceID(i))
	}
	w.commanded = make(map[machine.ServiceID]machine.EventKind)
	w.feed(machine.Event{Kind: machine.Update, Revision: w.offer(file, due.restart)})
	for i := range before {
		w.checkKept(machine.ServiceID(i), &before[i])
	}
	w.checkDue(due, len(before))
	w.commanded = nil
}

// offer hands a file to both machines.
func (w *world) offer(file *config.File, restart []string) machine.Revision {
	w.twin.Offer(file, restart)
	return w.m.Offer(file, restart)
}

// due is what an update must command.
type due struct {
	commands map[machine.ServiceID]machine.EventKind
	restart  []string
}

// due says what is due for the services that there are; and which of them have settings
// that take a restart, some of which are not up.
func (w *world) due(file *config.File) due {
	d := due{commands: make(map[machine.ServiceID]machine.EventKind)}
	for i := range w.services {
		s, id := &w.services[i], machine.ServiceID(i)
		view, stays := w.m.View(id), has(file, s.spec.Name)
		switch {
		case s.state == machine.Removed:
		case view.Wanted == machine.Absent && stays:
			if specIn(file, s.spec.Name).Enabled {
				d.commands[id] = machine.Start
			}
		case view.Wanted == machine.Absent:
		case !stays:
			d.commands[id] = machine.Remove
		case w.chance(4):
			d.restart = append(d.restart, s.spec.Name)
			if view.Wanted == machine.Up {
				d.commands[id] = machine.Restart
			}
		}
	}
	return d
}

// checkDue compares what an update has commanded with what was due. Services that are new
// have ids from known on.
func (w *world) checkDue(d due, known int) {
	for i := known; i < len(w.services); i++ {
		id, name := machine.ServiceID(i), w.services[i].spec.Name
		if found, ok := w.m.Find(name); !ok || found != id {
			w.fail(id, "it has the id %d", found)
		}
		if w.services[i].spec.Enabled {
			d.commands[id] = machine.Start
		}
	}
	if w.err == nil && !maps.Equal(w.commanded, d.commands) {
		w.fail(machine.NoService, "an update commands %v, and %v is due", w.commanded, d.commands)
	}
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

func has(file *config.File, name string) bool { return specIn(file, name) != nil }

// specIn returns a service of a file, nil if there is none of that name.
func specIn(file *config.File, name string) *config.Service {
	for i := range file.Services {
		if file.Services[i].Name == name {
			return &file.Services[i]
		}
	}
	return nil
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

// checkKept finds what an update has changed of a service that it has commanded nothing,
// besides its settings.
func (w *world) checkKept(id machine.ServiceID, before *machine.View) {
	if _, ok := w.commanded[id]; ok {
		return
	}
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

// removed reports whether an event is about a service that is no more.
func (w *world) removed(ev machine.Event) bool {
	return ev.Kind.OfService() && w.services[ev.Service].state == machine.Removed
}

// checkNobody looks at the answer to an event about a service that is no more.
func (w *world) checkNobody(ev machine.Event, actions []machine.Action) {
	want := []machine.ActionKind{machine.Tell}
	if ev.Kind.Answered() {
		want = append(want, machine.Report)
	}
	if len(actions) != len(want) {
		w.fail(machine.NoService, "%v, about a service that is no more", actions)
		return
	}
	for i := range actions {
		if actions[i].Kind != want[i] || actions[i].Note.Kind != machine.NoSuchService {
			w.fail(machine.NoService, "%v, about a service that is no more", actions)
		}
		if actions[i].Kind == machine.Report {
			w.checkReport(&actions[i])
		}
	}
}
