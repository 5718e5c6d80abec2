package sim

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"time"

	"supervise/config"
	"supervise/signals"
	"supervise/supervisor/kernel"
	"supervise/supervisor/machine"
)

// configuration is one that was loaded. It implements [kernel.Configuration].
type configuration struct {
	w       *world
	file    *config.File
	settled bool // it was put in force, or given up
	dry     bool // it is not to be
}

func (w *world) prepare(file *config.File) *configuration { return &configuration{w: w, file: file} }

func (c *configuration) File() *config.File { return c.file }

// Service gives a service its settings.
func (c *configuration) Service(_ int, known kernel.Service) kernel.Service {
	c.settled = true
	if known != nil {
		return known
	}
	u := &unit{w: c.w, id: machine.ServiceID(len(c.w.units))}
	c.w.units = append(c.w.units, u)
	return u
}

// Release gives it up.
func (c *configuration) Release() {
	if c.settled && !c.dry {
		c.w.fail(nil, "a configuration is given up that was put in force, or given up before")
	}
	c.settled = true
}

// load makes up another configuration. Now and then there is a mistake in it.
func (w *world) load(path string, dry bool) (kernel.Configuration, error) {
	if w.chance(8) {
		return nil, errors.New("line 3: unknown key")
	}
	c := w.prepare(w.anotherFile())
	// By its path an Update says which one it is about.
	c.file.Path = "/" + strconv.Itoa(len(w.loaded))
	w.loaded = append(w.loaded, c)
	c.dry = dry
	return c, nil
}

// checkLoaded finds the end of a load that nobody has asked for.
func (w *world) checkLoaded(ev *machine.Event) {
	i := slices.Index(w.loads, ev.By)
	if i < 0 {
		w.fail(nil, "%v by %v, who has not asked for it", ev.Kind, ev.By)
		return
	}
	w.loads = slices.Delete(w.loads, i, i+1)
}

// checkUpdate compares what an update commands with what is due, and finds what else it changes.
func (w *world) checkUpdate(now time.Duration, ev *machine.Event, actions []machine.Action) {
	i := slices.IndexFunc(w.loaded, func(c *configuration) bool { return c.file.Path == ev.Path })
	if i < 0 || !w.loaded[i].settled && len(w.loaded[i].file.Services) > 0 {
		w.fail(nil, "an update to %q, which is not there", ev.Path)
		return
	}
	file := w.loaded[i].file
	w.loaded[i].settled = true
	due := w.due(file)
	before := make([]machine.View, w.twin.Len())
	for i := range before {
		before[i] = w.twin.View(machine.ServiceID(i))
	}
	linked := w.linked()
	old := w.orders()
	w.inForce(file)
	w.commanded = make(map[machine.ServiceID]machine.EventKind)
	if w.twin.Offer(file, due.restart) != ev.Revision {
		w.fail(nil, "an update to revision %d", ev.Revision)
	}
	needs := w.newNeeds(old, before)
	w.checkActions(now, ev, actions)
	for i := range before {
		if name := w.services[i].spec.Name; !linked[name] && !w.linked()[name] {
			w.checkKept(machine.ServiceID(i), &before[i])
		}
	}
	w.checkDue(due, needs, len(before))
	w.commanded = nil
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
	for id, s := range w.services {
		id := machine.ServiceID(id)
		view, next := w.twin.View(id), specIn(file, s.spec.Name)
		switch {
		case s.state == machine.Removed:
		case view.Wanted == machine.Absent && next != nil:
			if next.Enabled {
				d.commands[id] = machine.Start
			}
		case view.Wanted == machine.Absent:
		case next == nil:
			d.commands[id] = machine.Remove
		case next.Command[0] != s.spec.Command[0]:
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
func (w *world) checkDue(d due, needs map[string]bool, known int) {
	for i := known; i < len(w.services); i++ {
		id, name := machine.ServiceID(i), w.services[i].spec.Name
		if found, ok := w.twin.Find(name); !ok || found != id {
			w.fail(w.services[i], "it has the id %d", found)
		}
		if w.services[i].spec.Enabled {
			d.commands[id] = machine.Start
		}
	}
	w.dropBrought(needs, d)
	if w.err == nil && !maps.Equal(w.commanded, d.commands) {
		w.fail(nil, "an update commands %v, and %v is due", w.commanded, d.commands)
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
	for _, s := range w.services {
		switch {
		case s.state == machine.Removed || w.chance(4) || has(file, s.spec.Name):
		case w.chance(2):
			next := w.specOf(s.spec.Name)
			if !w.chance(3) {
				next.Command = s.spec.Command
			}
			file.Services = append(file.Services, next)
		default:
			file.Services = append(file.Services, *s.spec)
		}
	}
	// The name may be that of a service that is still on its way out, or of one removed.
	name := "s" + strconv.Itoa(w.random.IntN(2*maxServices))
	if len(file.Services) < maxServices && w.chance(2) && !has(file, name) {
		file.Services = append(file.Services, w.specOf(name))
	}
	w.relate(file)
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
		id, ok := w.twin.Find(spec.Name)
		if !ok {
			w.services = append(w.services, &service{id: machine.ServiceID(len(w.services)), spec: spec})
			continue
		}
		s := w.services[id]
		if s.spec.Signals.Queue != spec.Signals.Queue {
			s.bound = w.twin.View(id).Held
		}
		s.noteReady(w.now)
		s.spec, s.changed = spec, true
	}
}

// checkKept finds what an update has changed of a service that it has commanded nothing,
// besides its settings.
func (w *world) checkKept(id machine.ServiceID, before *machine.View) {
	if _, ok := w.commanded[id]; ok {
		return
	}
	after, s := w.twin.View(id), w.services[id]
	if before.Wanted == machine.Absent && before.State != machine.Removed && has(w.spec, s.spec.Name) {
		before.Wanted = machine.Down
	}
	before.Holding, before.Queue = after.Holding, after.Queue
	if before.Rung == 0 {
		before.Rungs = after.Rungs
	}
	if after != *before {
		w.fail(s, "an update has changed what is there of it from %+v to %+v", *before, after)
	}
}
