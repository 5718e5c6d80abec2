package journal

import (
	"slices"

	"supervise/config"
	"supervise/signals"
	"supervise/supervisor/machine"
)

// setEvent gives the entry an event, unless that is worth none: if the machine did nothing
// about it, or tells of it in better words.
func (e *Entry) setEvent(event *machine.Event, actions []machine.Action) {
	if len(actions) == 0 && !event.More || !worthEvent(event, actions) {
		return
	}
	e.Event, e.PID = event, int(event.PID)
	if event.Kind == machine.Signal {
		e.Action = madeOf(actions)
		e.By = sender(event, e.Action != nil)
	}
}

// worthEvent reports whether an event that has led to actions has an entry.
func worthEvent(event *machine.Event, actions []machine.Action) bool {
	switch event.Kind {
	case machine.Boot, machine.Start, machine.Stop, machine.Restart, machine.Remove, machine.Update,
		machine.LoadFailed, machine.Shutdown, machine.ShutdownNow, machine.Signal, machine.Spawned, machine.Emptied:
		return true
	case machine.Post: // for many processes there is SentToMany
		return event.Scope == config.Main
	case machine.Reload: // not if it is refused at once
		return actions[0].Kind == machine.Inspect
	case machine.Pause, machine.Continue, machine.Exited, machine.SpawnFailed:
		return false // there are SentToMany, LeaderExited and CannotSpawn
	case machine.Tick, machine.Neighbour, machine.Delayed, machine.DumpsSeen, machine.RemnantEnded, machine.Surveyed, machine.Sent, machine.Inspected, machine.Signalled:
		return false
	}
	return false
}

// madeOf returns the note that says what a signal commands, nil if there is none.
func madeOf(actions []machine.Action) *machine.Action {
	for i := range actions {
		a := &actions[i]
		if a.Kind == machine.Tell && (a.Note.Kind == machine.Obeyed || a.Note.Kind == machine.HungUp) {
			return a
		}
	}
	return nil
}

// sender is who sent a signal, if that is a known process. For a signal that commands it is
// the sender in any case, together with the signal.
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
		// For one that was asked for there is SentToMany; SIGCONT only follows another signal.
		return a.Ticket == 0 && a.Signal != signals.SIGCONT
	case machine.Deliver, machine.Kill, machine.KillRemnant, machine.GiveUpStart:
		return true
	case machine.Tell:
		return worthNote(&a.Note)
	case machine.Spawn, machine.LookForDumps, machine.Survey, machine.Follow, machine.Hold, machine.Release, machine.Inspect, machine.Report, machine.ReportTail,
		machine.Forget, machine.Load, machine.RunHook, machine.ReopenLog, machine.Finish:
		return false
	}
	return false
}

// worthNote reports whether a note has an entry beside those of the events.
func worthNote(n *machine.Note) bool {
	switch {
	case n.Kind == machine.Changed: // for the others there is what led to them
		return n.To == machine.Stopped || n.To == machine.Failed
	case n.Kind == machine.Commanded: // for these two there is SentToMany
		return n.Event != machine.Pause && n.Event != machine.Continue
	}
	return !slices.Contains(elsewhere, n.Kind)
}

// elsewhere are the notes without an entry: the first three are part of that of their event,
// for Delivered there is the action, and NoSuchPlace is only logged.
var elsewhere = []machine.NoteKind{
	machine.Obeyed, machine.HungUp, machine.NotUpdated, machine.Delivered, machine.NoSuchPlace,
}

// hasSender reports whether an action is about a signal or a command, which somebody sent.
func hasSender(a *machine.Action) bool {
	kind := a.Note.Kind
	return a.Kind == machine.Deliver || a.Note.Info.Signal != 0 || kind == machine.Commanded || kind == machine.SentToMany
}
