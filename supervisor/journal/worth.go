package journal

import (
	"slices"

	"supervise/config"
	"supervise/signals"
	"supervise/supervisor/machine"
)

// eventEntry returns the entry of an event, without an Event if it is worth none: if the
// machine did nothing about it, or tells of it in better words.
func eventEntry(event *machine.Event, actions []machine.Action) Entry {
	e := Entry{By: event.By}
	if len(actions) == 0 || !worthEvent(event, actions) {
		return e
	}
	e.Event, e.PID = event, int(event.PID)
	if event.Kind == machine.Signal {
		e.Action = madeOf(actions)
		e.By = sender(event, e.Action != nil)
	}
	return e
}

// worthEvent reports whether an event that has led to actions has an entry.
func worthEvent(event *machine.Event, actions []machine.Action) bool {
	switch event.Kind {
	case machine.Boot, machine.Start, machine.Stop, machine.Restart, machine.Remove, machine.Update,
		machine.LoadFailed, machine.Shutdown, machine.ShutdownNow, machine.Signal, machine.Spawned, machine.Emptied:
		return true
	case machine.Post: // SentToMany tells of one to many processes
		return event.Scope == config.Main
	case machine.Reload: // one that is refused at once is no news
		return actions[0].Kind == machine.Inspect
	case machine.Pause, machine.Continue, machine.Exited, machine.SpawnFailed:
		return false // SentToMany, LeaderExited and CannotSpawn tell of them
	case machine.Tick, machine.Surveyed, machine.Sent, machine.Inspected, machine.Signalled:
		return false
	}
	return false
}

// IsAboutService reports whether an event is about its Service.
func IsAboutService(kind machine.EventKind) bool {
	switch kind {
	case machine.Boot, machine.Signal, machine.Tick, machine.Update, machine.LoadFailed, machine.Shutdown, machine.ShutdownNow:
		return false
	case machine.Start, machine.Stop, machine.Restart, machine.Remove, machine.Reload, machine.Pause, machine.Continue,
		machine.Post, machine.Spawned, machine.SpawnFailed, machine.Exited, machine.Emptied, machine.Surveyed,
		machine.Sent, machine.Inspected, machine.Signalled:
		return true
	}
	return false
}

// madeOf returns the note that says what was made of a signal, nil if there is none.
func madeOf(actions []machine.Action) *machine.Action {
	for i := range actions {
		a := &actions[i]
		if a.Kind == machine.Tell && (a.Note.Kind == machine.Obeyed || a.Note.Kind == machine.HungUp) {
			return a
		}
	}
	return nil
}

// sender is who sent a signal, if that is a process that is known. Who commands by a signal
// is told with the signal, whoever it is.
func sender(event *machine.Event, commands bool) machine.Asker {
	by := event.By
	switch {
	case commands:
		by.Signal = event.Info.Signal
		if !by.Known() && by.Source == "" {
			by.Source = event.Info.Sender()
		}
	case !by.Known():
		by = machine.Asker{}
	}
	return by
}

// worth reports whether an action that was carried out has an entry.
func worth(a *machine.Action) bool {
	switch a.Kind {
	case machine.Send:
		// SentToMany tells of one that was asked for; SIGCONT only follows another signal.
		return a.Ticket == 0 && a.Signal != signals.SIGCONT
	case machine.Deliver, machine.Kill:
		return true
	case machine.Tell:
		return worthNote(&a.Note)
	case machine.Spawn, machine.Survey, machine.Follow, machine.Hold, machine.Release, machine.Inspect, machine.Report, machine.ReportTail,
		machine.Forget, machine.Load, machine.RunHook, machine.Finish:
		return false
	}
	return false
}

// worthNote reports whether a note has an entry beside those of the events.
func worthNote(n *machine.Note) bool {
	switch {
	case n.Kind == machine.Changed: // most changes of state are told by what led to them
		return n.To == machine.Stopped || n.To == machine.Failed
	case n.Kind == machine.Commanded: // SentToMany tells of what comes of these two
		return n.Event != machine.Pause && n.Event != machine.Continue
	}
	return !slices.Contains(elsewhere, n.Kind)
}

// elsewhere are the notes that are told otherwise: the first three with their event, of
// Delivered the action tells, and NoSuchPlace stands in the log alone.
var elsewhere = []machine.NoteKind{
	machine.Obeyed, machine.HungUp, machine.NotUpdated, machine.Delivered, machine.NoSuchPlace,
}

// hasSender reports whether an action is about a signal or a command of somebody.
func hasSender(a *machine.Action) bool {
	kind := a.Note.Kind
	return a.Kind == machine.Deliver || a.Note.Info.Signal != 0 || kind == machine.Commanded || kind == machine.SentToMany
}
