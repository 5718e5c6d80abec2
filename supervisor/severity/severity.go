package severity

import (
	"github.com/rs/zerolog"

	"supervise/signals"
	"supervise/supervisor/journal"
	"supervise/supervisor/machine"
)

// Of is the log level of an entry; with zerolog.Disabled it is not logged.
func Of(e *journal.Entry) zerolog.Level {
	switch {
	case e.Event != nil:
		return ofEvent(e)
	case e.Action != nil && e.Action.Kind == machine.Tell:
		return ofNote(&e.Action.Note)
	case e.Action != nil:
		return ofAction(e.Action)
	}
	return ofFact(&e.Fact)
}

// ofEvent logs commands. Other events show in what the machine makes of them.
func ofEvent(e *journal.Entry) zerolog.Level {
	switch e.Event.Kind {
	case machine.Start, machine.Stop, machine.Restart, machine.Remove, machine.Shutdown, machine.ShutdownNow:
		return zerolog.InfoLevel
	case machine.LoadFailed:
		return zerolog.ErrorLevel
	case machine.Signal:
		if e.Action != nil && e.Action.Note.Kind == machine.HungUp {
			return zerolog.InfoLevel
		}
		return zerolog.Disabled
	case machine.Boot, machine.Reload, machine.Pause, machine.Continue, machine.Post, machine.Tick, machine.Neighbour, machine.Update,
		machine.Spawned, machine.SpawnFailed, machine.Delayed, machine.Exited, machine.Emptied, machine.DumpsSeen, machine.RemnantEnded, machine.Surveyed, machine.Sent, machine.Inspected,
		machine.Signalled:
		return zerolog.Disabled
	}
	return zerolog.ErrorLevel
}

func ofAction(a *machine.Action) zerolog.Level {
	switch a.Kind {
	case machine.Send:
		return zerolog.InfoLevel
	case machine.Kill, machine.KillRemnant, machine.GiveUpStart:
		return zerolog.WarnLevel
	case machine.Deliver:
		return zerolog.Disabled
	case machine.Tell, machine.Spawn, machine.LookForDumps, machine.Survey, machine.Follow, machine.Hold, machine.Release, machine.Inspect, machine.Report,
		machine.ReportTail, machine.Forget, machine.Load, machine.RunHook, machine.ReopenLog, machine.Finish:
	}
	return zerolog.ErrorLevel
}

func ofNote(n *machine.Note) zerolog.Level {
	switch n.Kind {
	case machine.GaveUp, machine.CannotSpawn, machine.SurvivesKill, machine.LeftBehind, machine.Impossible, machine.NoSuchService:
		return zerolog.ErrorLevel
	case machine.Yields, machine.AwaitsCore, machine.CoreTooLong, machine.RemnantTooLong, machine.AwaitsRemnant, machine.SurvivorsRemain, machine.StartDelayed, machine.RungTimedOut, machine.LadderCut, machine.Dropped, machine.ShutdownTimedOut,
		machine.StillWaiting, machine.NoSuchPlace:
		return zerolog.WarnLevel
	case machine.StillWaits, machine.StopsAfter, machine.Held, machine.Coalesced, machine.Late:
		return zerolog.DebugLevel
	case machine.Commanded:
		if n.Event == machine.Pause || n.Event == machine.Continue { // SentToMany says it
			return zerolog.Disabled
		}
	case machine.Obeyed, machine.HungUp, machine.NotUpdated, machine.Delivered: // the line of the event or of the action says it
		return zerolog.Disabled
	case machine.Changed:
		// What led to the other changes is logged.
		if n.To != machine.Running && n.To != machine.Stopped {
			return zerolog.DebugLevel
		}
	case machine.LeaderExited:
		if !n.Success {
			return zerolog.WarnLevel
		}
	case machine.RefusedCommand:
		if n.Why == machine.WouldEnd || n.Why == machine.NotSent || n.Why == machine.NotRunning {
			return zerolog.WarnLevel
		}
	case machine.NoRule:
		// SIGWINCH, for one, comes with every change of the terminal's size.
		if d := n.Info.Signal.Default(); d == signals.Ignore || d == signals.Continue {
			return zerolog.DebugLevel
		}
	case machine.Waits, machine.Outdated, machine.Followed, machine.LeavesRemnant, machine.Restarting, machine.Completed, machine.Remembered, machine.Already, machine.Updated,
		machine.Kept, machine.SentToMany, machine.Translated, machine.IgnoredSignal, machine.ShuttingDown,
		machine.AlreadyShuttingDown, machine.ExitsWith:
	}
	return zerolog.InfoLevel
}

func ofFact(f *journal.Fact) zerolog.Level {
	switch f.Kind {
	case journal.HookStarted:
		return zerolog.InfoLevel
	case journal.HookFailed:
		return zerolog.ErrorLevel
	case journal.HookTimedOut, journal.OOMFound, journal.Crashed:
		return zerolog.WarnLevel
	case journal.CoreKept:
		if f.Core.Cut() {
			return zerolog.WarnLevel
		}
		return zerolog.InfoLevel
	case journal.LinesRead: // the log has them already
		return zerolog.Disabled
	case journal.HookEnded:
		if f.Exit.Signal != 0 || f.Exit.Code != 0 {
			return zerolog.WarnLevel
		}
		return zerolog.InfoLevel
	}
	return zerolog.ErrorLevel
}
