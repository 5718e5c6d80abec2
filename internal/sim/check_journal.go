package sim

import (
	"slices"
	"time"

	"supervise/config"
	"supervise/signals"
	"supervise/supervisor/control"
	"supervise/supervisor/control/request"
	"supervise/supervisor/journal"
	"supervise/supervisor/machine"
)

// journalSize is how many entries the loop remembers.
const journalSize = 4096

// told is what the world knows of the loop's journal: all entries, as it is told them as a follower
// of its own, and which of them there must be.
type told struct {
	entries  []request.Event
	checked  int        // how many of them have been compared with expected
	expected []expected // in this iteration, in their order
	matters  []matter   // by step
	time     time.Time  // of the last entry
}

// expected is an entry that there must be.
type expected struct {
	kind      string
	service   string
	pid       int           // 0: any
	by        machine.Asker // who asked, if that is a process
	anyone    bool          // or it is not for this check to say
	step      machine.EventID
	commanded bool // it is a command of that step for service id
	id        machine.ServiceID
	open      bool // a delivery that has not been made
	off       bool // or that came to nothing
}

// matter is the entries by which a step is known: its own, and those of what it commands.
type matter struct {
	entry    uint64
	commands map[machine.ServiceID]uint64
}

// followAll has the world be told every entry.
func (w *world) followAll() {
	call := control.NewCall(request.Events{Follow: true}, control.Origin{PID: firstSender}, func(r *request.Reply, _ bool) {
		for _, e := range r.Events {
			w.checkEntry(e)
			w.told.entries = append(w.told.entries, e)
		}
	})
	w.clients.queue.add(item{client: &client{w: w, call: call, request: call.Request}})
	w.system.Wake()
}

// checkEntry looks at an entry by itself.
func (w *world) checkEntry(e request.Event) {
	id, j := uint64(len(w.told.entries)+1), &w.told
	switch {
	case e.ID != id:
		w.fail(nil, "entry %d of the journal has the number %d", id, e.ID)
	case e.Origin == 0, e.Origin > id, e.Cause >= id:
		w.fail(w.named(e.Service), "entry %d (%s) has the cause %d and the origin %d", id, e.Text, e.Cause, e.Origin)
	case e.Text == "", e.Kind == "":
		w.fail(w.named(e.Service), "entry %d says nothing", id)
	case e.Kind == "lines" && (e.Cause == 0 || j.entries[e.Cause-1].Kind != machine.LeaderExited.String() || len(e.Lines) != 1):
		w.fail(w.named(e.Service), "entry %d (%s) has the lines %q, and comes of entry %d", id, e.Text, e.Lines, e.Cause)
	case e.Time.Before(j.time):
		w.fail(w.named(e.Service), "entry %d (%s) is from before the one before it", id, e.Text)
	}
	j.time = e.Time
}

// commandEvents are the events that have an entry of their kind if they have led to anything.
var commandEvents = []machine.EventKind{
	machine.Boot, machine.Start, machine.Stop, machine.Restart, machine.Shutdown, machine.ShutdownNow, machine.Signal,
	machine.Update, machine.LoadFailed, machine.Spawned, machine.Emptied,
}

// essential are the notes that have an entry.
var essential = []machine.NoteKind{
	machine.LeaderExited, machine.Followed, machine.CannotSpawn, machine.StartDelayed, machine.GaveUp, machine.Restarting, machine.Completed, machine.Dropped,
	machine.ShuttingDown, machine.RungTimedOut, machine.AwaitsCore, machine.CoreTooLong, machine.LeavesRemnant, machine.RemnantTooLong, machine.LadderCut, machine.SentToMany, machine.Updated, machine.Kept,
}

// expectEntries says which entries a step must have.
func (w *world) expectEntries(ev *machine.Event, actions []machine.Action) {
	step := machine.EventID(w.steps)
	w.told.matters = append(w.told.matters, matter{})
	if (len(actions) > 0 || ev.More) && w.hasEntry(ev, actions) {
		e := expected{kind: entryKind(ev.Kind), pid: int(ev.PID), by: ev.By, step: step, id: machine.NoService}
		if ev.Kind.OfService() {
			e.service = w.services[ev.Service].spec.Name
		}
		w.expect(e)
	}
	for i := range actions {
		w.expectAction(&actions[i], step)
	}
}

func (w *world) expect(e expected) { w.told.expected = append(w.told.expected, e) }

func (w *world) hasEntry(ev *machine.Event, actions []machine.Action) bool {
	return slices.Contains(commandEvents, ev.Kind) || ev.Kind == machine.Post && ev.Scope == config.Main ||
		ev.Kind == machine.Reload && actions[0].Kind == machine.Inspect
}

// entryKind is the kind of an event's entry.
func entryKind(kind machine.EventKind) string {
	if kind == machine.LoadFailed {
		return machine.Update.String()
	}
	return kind.String()
}

// expectAction says which entry an action must have.
func (w *world) expectAction(a *machine.Action, step machine.EventID) {
	e := expected{step: step, id: a.Service}
	if a.Service != machine.NoService {
		e.service = w.services[a.Service].spec.Name
	}
	switch a.Kind {
	case machine.Send:
		if a.Ticket != 0 || a.Signal == signals.SIGCONT {
			return
		}
		e.kind, e.pid = "send", w.leaderPID(a.Service)
	case machine.Kill:
		e.kind, e.pid = "kill", w.leaderPID(a.Service)
	case machine.KillRemnant:
		e.kind, e.pid = a.Kind.String(), int(a.PID)
	case machine.GiveUpStart:
		e.kind = a.Kind.String()
	case machine.Deliver:
		e.kind, e.pid, e.by, e.open = "deliver", w.leaderPID(a.Service), w.asker(a.Origin), true
	case machine.Tell:
		if !w.expectNote(&e, a) {
			return
		}
	case machine.Spawn, machine.LookForDumps, machine.Survey, machine.Follow, machine.Hold, machine.Release, machine.Inspect, machine.Report, machine.ReportTail,
		machine.Forget, machine.Load, machine.RunHook, machine.ReopenLog, machine.Finish: // a hook's comes when it has been tried
		return
	}
	w.expect(e)
}

// leaderPID is the pid by which the loop may know a leader, 0 if it has reaped it.
func (w *world) leaderPID(id machine.ServiceID) int {
	if w.untold(w.services[id]) {
		return 0
	}
	return int(w.twin.View(id).PID)
}

// expectNote reports whether a note must have an entry, and which.
func (w *world) expectNote(e *expected, a *machine.Action) bool {
	n := &a.Note
	switch {
	case n.Kind == machine.Changed && (n.To == machine.Stopped || n.To == machine.Failed):
	case n.Kind == machine.Commanded && n.Event != machine.Pause && n.Event != machine.Continue:
		e.kind, e.by, e.commanded = n.Event.String(), w.asker(a.Origin), true
		return true
	case n.Kind == machine.SentToMany:
		e.kind, e.by = "command", w.asker(a.Origin)
		return true
	case !slices.Contains(essential, n.Kind):
		return false
	}
	e.kind, e.anyone = n.Kind.String(), n.Kind == machine.LeaderExited
	if n.Info.Signal != 0 {
		e.by = w.asker(a.Origin)
	}
	return true
}

// expectHook says that a hook was started, was not, is killed or has ended.
func (w *world) expectHook(pid int) {
	w.expect(expected{kind: "hook", pid: pid, anyone: true})
}

// deliveryMade says whether the next delivery that must have an entry has come to something.
func (w *world) deliveryMade(ok bool) {
	for i := range w.told.expected {
		if e := &w.told.expected[i]; e.open {
			e.open, e.off = false, !ok
			return
		}
	}
}

// compared are the kinds of entries of which none may be missing, and none too many.
var compared = func() map[string]bool {
	kinds := map[string]bool{"send": true, "kill": true, "kill-remnant": true, "give-up-start": true, "deliver": true, "hook": true, "command": true, "changed": true}
	for _, kind := range append(commandEvents, machine.Post, machine.Reload, machine.Remove) {
		kinds[entryKind(kind)] = true
	}
	for _, kind := range essential {
		kinds[kind.String()] = true
	}
	return kinds
}()

// checkEntries compares the entries of an iteration with those that there must be.
func (w *world) checkEntries() {
	j := &w.told
	if len(j.entries) == 0 { // the world is not yet a follower
		return
	}
	due := slices.DeleteFunc(j.expected, func(e expected) bool { return e.off })
	for _, e := range j.entries[j.checked:] {
		switch {
		case !compared[e.Kind]:
			continue
		case len(due) == 0:
			w.fail(w.named(e.Service), "the journal says %q of %q (%s), and nothing of that kind has happened", e.Text, e.Service, e.Kind)
			return
		case !due[0].is(e):
			w.fail(w.of(due[0].id), "the journal says %q of %q (%s, pid %d, by %v), and what has happened is %s of %q, pid %d, by %v",
				e.Text, e.Service, e.Kind, e.PID, e.By, due[0].kind, due[0].service, due[0].pid, due[0].by)
			return
		}
		w.known(due[0], e.ID)
		due = due[1:]
	}
	if len(due) > 0 {
		w.fail(w.of(due[0].id), "the journal does not tell of %s of %q", due[0].kind, due[0].service)
	}
	j.checked, j.expected = len(j.entries), j.expected[:0]
}

// is reports whether an entry is the one that there must be.
func (e *expected) is(entry request.Event) bool {
	by := machine.Asker{}
	if entry.By != nil {
		by = machine.Asker{PID: int32(entry.By.PID), UID: uint32(entry.By.UID), Name: entry.By.Name}
	}
	want := machine.Asker{PID: e.by.PID, UID: e.by.UID, Name: e.by.Name}
	if (e.kind == "deliver" || e.kind == "dropped") && by.Name == "" { // which is forgotten of what was held
		want.Name = ""
	}
	return entry.Kind == e.kind && entry.Service == e.service && (e.pid == 0 || entry.PID == e.pid) &&
		(e.anyone || !want.Known() && entry.By == nil || want == by)
}

// known takes note of the entry by which a step is known: its first one.
func (w *world) known(e expected, entry uint64) {
	if e.step == 0 {
		return
	}
	m := &w.told.matters[e.step-1]
	if m.entry == 0 {
		m.entry = entry
	}
	if e.commanded && m.commands == nil {
		m.commands = make(map[machine.ServiceID]uint64)
	}
	if e.commanded {
		m.commands[e.id] = entry
	}
}

// checkWhy holds that an explanation goes back to what the state of a service really began
// with, if that is remembered.
func (w *world) checkWhy(name string, events []request.Event) {
	s := w.named(name)
	if s == nil {
		w.fail(nil, "it is explained why %q is as it is, and it is not there", name)
		return
	}
	events = slices.DeleteFunc(slices.Clone(events), func(e request.Event) bool { return e.Kind == journal.RecordedKind })
	if !slices.IsSortedFunc(events, func(a, b request.Event) int { return int(a.ID) - int(b.ID) }) {
		w.fail(s, "its explanation goes back and forth: %v", idsOf(events))
	}
	if s.origin == 0 {
		return
	}
	m := w.told.matters[s.origin-1]
	id := m.entry
	if commanded := m.commands[s.id]; commanded != 0 {
		id = commanded
	}
	if id == 0 || id+journalSize <= uint64(len(w.told.entries)) {
		return
	}
	if !slices.ContainsFunc(events, func(e request.Event) bool { return e.ID == id }) {
		w.fail(s, "it is as it is because of entry %d (%s), and the explanation is %v", id, w.told.entries[id-1].Text, idsOf(events))
	}
}
