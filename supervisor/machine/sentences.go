package machine

import (
	"strconv"
	"strings"

	"supervise/config"
)

// String says what the note tells, in words that follow the name of the service:
// "running -> backoff", "exited with code 3 after 12ms".
func (n Note) String() string {
	if n.Kind >= numNotes {
		return "note " + strconv.Itoa(int(n.Kind))
	}
	return sentences[n.Kind](n)
}

// sentences has the words of each kind of note.
var sentences = [numNotes]func(Note) string{
	Changed:         func(n Note) string { return n.From.String() + " -> " + n.To.String() },
	LeaderExited:    func(n Note) string { return n.Exit.String() + " after " + round(n.For) },
	SurvivorsRemain: func(Note) string { return "its leader is gone, others of its tree are not" },
	Followed:        func(n Note) string { return "its leader has handed over to " + n.Reason },
	Restarting:      Note.restarting,
	Completed:       Note.completed,
	GaveUp:          Note.gaveUp,
	CannotSpawn:     func(n Note) string { return "cannot spawn" + permanently(n.Permanent) + ": " + n.Reason },
	StartDelayed: func(n Note) string {
		return "its start takes long, " + round(n.For) + " up to now: it waits at " + n.Reason
	},

	Waits:      func(n Note) string { return "waits for " + n.Reason },
	StillWaits: func(n Note) string { return "waits for " + n.Reason + " now" },
	StopsAfter: Note.stopsAfter,
	Yields:     func(n Note) string { return "stops, as it cannot go on without " + n.Reason },
	Outdated:   func(n Note) string { return "restarts, as " + n.Reason + " did" },

	Remembered:     func(n Note) string { return n.Event.String() + " is remembered while it is " + n.From.String() },
	Already:        func(n Note) string { return n.Event.String() + " changes nothing, it is " + n.From.String() },
	RefusedCommand: Note.refused,
	NoSuchService:  func(n Note) string { return n.Event.String() + " for a service that does not exist" },
	Commanded:      func(n Note) string { return n.Event.String() + " is commanded" },
	Obeyed:         func(n Note) string { return n.Info.String() + " commands " + n.Reason },
	HungUp:         func(n Note) string { return n.Info.String() + ", as the terminal is gone: that is a shutdown" },
	NoSuchPlace:    Note.noSuchPlace,
	Updated:        func(n Note) string { return "configuration " + strconv.Itoa(n.Count) + " is in force" },
	NotUpdated:     func(n Note) string { return "the configuration is not updated: " + n.Reason },
	Kept:           func(Note) string { return "it is in the new configuration, and not removed" },

	RungTimedOut: func(n Note) string {
		return "rung " + strconv.Itoa(n.Rung+1) + " of its ladder timed out after " + round(n.For)
	},
	LadderCut: func(Note) string { return "its ladder is cut" },
	SurvivesKill: func(n Note) string {
		return "survives SIGKILL for " + round(n.For) + ", sent " + plural(n.Count, "time")
	},

	AwaitsCore: func(n Note) string {
		return "SIGKILL waits up to " + round(n.For) + " for the core of " + n.Reason + ", which is being written"
	},
	CoreTooLong: func(n Note) string { return "its core has taken " + round(n.For) + ": SIGKILL waits no longer" },
	LeavesRemnant: func(n Note) string {
		return "its core is still being written, for up to " + round(n.For) + ": what follows does not wait for that"
	},
	RemnantTooLong: func(n Note) string {
		return "the core of its former leader has taken " + round(n.For) + ", and is cut short by SIGKILL"
	},
	AwaitsRemnant: func(n Note) string {
		return "the shutdown waits for the core of its former leader, up to " + round(n.For)
	},

	Delivered:     func(n Note) string { return "delivered " + n.Info.String() },
	SentToMany:    Note.sentToMany,
	Translated:    func(n Note) string { return n.Info.String() + " becomes " + n.As.String() },
	NoRule:        func(n Note) string { return "no rule and no service for " + n.Info.String() },
	IgnoredSignal: func(n Note) string { return "ignores " + n.Info.String() + ", as the rules say" },
	Held:          func(n Note) string { return plural(n.Count, "signal") + " held" },
	Coalesced:     func(n Note) string { return "one is pending already, merged: " + n.Info.String() },
	Dropped:       Note.dropped,

	ExitsWith: func(n Note) string {
		return "supervise exits with it (exit-with), with status " + strconv.Itoa(n.Count)
	},
	ShuttingDown:        Note.shuttingDown,
	AlreadyShuttingDown: func(n Note) string { return n.shutdown() + " changes nothing, one is under way" },
	ShutdownTimedOut:    func(n Note) string { return "the shutdown has taken " + round(n.For) + ", every ladder is cut" },
	StillWaiting:        Note.stillWaiting,
	LeftBehind:          Note.leftBehind,

	Late: func(n Note) string {
		if n.Why == ShutdownBegun {
			return n.Event.String() + " comes after the end of the shutdown"
		}
		return n.Event.String() + " comes late, its generation is gone and the service is " + n.From.String()
	},
	Impossible: Note.impossible,
}

func (n Note) restarting() string {
	when := "at once"
	if n.For > 0 {
		when = "in " + round(n.For)
	}
	if n.Count == 0 {
		return "spawned again " + when
	}
	return "restarts " + when + ", " + plural(n.Count, "restart") + " in a row"
}

func (n Note) stopsAfter() string {
	if n.Reason == "" {
		return "is not to stop any more"
	}
	return "stops after " + n.Reason
}

func (n Note) completed() string {
	if n.Why != NoReason {
		return "completed: " + n.Exit.String() + ", and " + n.Why.String()
	}
	return "completed: " + n.Exit.String() + ", which its policy leaves at that"
}

func (n Note) gaveUp() string {
	switch {
	case n.Why == WentToBackground:
		return "given up: " + n.Why.String() + ", leaving " + n.Reason
	case n.Count == 0:
		return "given up: " + n.Why.String()
	}
	return "given up after " + plural(n.Count, "restart") + " in a row: " + n.Why.String()
}

func (n Note) refused() string {
	text := "cannot " + n.Event.String() + ": " + n.Why.String()
	switch {
	case n.Reason != "":
		return text + ": " + n.Reason
	case n.Why == WouldEnd || n.Why == NotSent:
		return text + " " + n.Info.Signal.String()
	}
	return text
}

func (n Note) noSuchPlace() string {
	return n.Info.String() + " names no service: its value is to be a place in the list of status, from 0, which has " +
		strconv.Itoa(n.Count)
}

func (n Note) sentToMany() string {
	if n.Scope == config.Group {
		return n.Info.Signal.String() + " sent to its process group"
	}
	return n.Info.Signal.String() + " sent to " + plural(n.Count, "process")
}

func (n Note) dropped() string {
	text := "lost " + plural(n.Count, "signal")
	if n.Info.Signal != 0 {
		text = "lost " + n.Info.String()
	}
	return text + ": " + n.Why.String()
}

func (n Note) impossible() string {
	if n.Reason != "" {
		return n.Reason
	}
	return n.Event.String() + " cannot happen while it is " + n.From.String()
}

// shutdown says what asked for a shutdown.
func (n Note) shutdown() string {
	if n.Info.Signal != 0 {
		return n.Event.String() + " by " + n.Info.String()
	}
	return n.Event.String()
}

func (n Note) shuttingDown() string {
	if n.For > 0 {
		return n.shutdown() + ", within " + round(n.For)
	}
	return n.shutdown()
}

func (n Note) stillWaiting() string {
	return "the shutdown waits for it: " + n.From.String() + n.rung() + n.delay() + ", " + round(n.For) + " left"
}

func (n Note) leftBehind() string {
	if n.From.atRest() {
		return "left behind: its former leader, whose core is being written, survives SIGKILL"
	}
	if n.Count == 0 {
		return "left behind: the shutdown cannot wait any longer, and it is still " + n.From.String() + n.delay()
	}
	return "left behind: it survives SIGKILL for " + round(n.For) + ", sent " + plural(n.Count, "time")
}

// delay is why a start takes so long.
func (n Note) delay() string {
	switch {
	case n.Reason == "" || n.From.climbing():
		return ""
	case n.From == Running:
		return " (until " + n.Reason + " has stopped)"
	}
	return " (waits at " + n.Reason + ")"
}

func (n Note) rung() string {
	if !n.From.climbing() {
		return ""
	}
	if n.Rung >= n.Count && n.Reason != "" {
		return ", and SIGKILL waits for the core of " + n.Reason
	}
	if n.Rung >= n.Count {
		return " with SIGKILL"
	}
	return " at rung " + strconv.Itoa(n.Rung+1) + " of " + strconv.Itoa(n.Count)
}

// plural writes "1 restart", "2 restarts", "2 processes".
func plural(n int, what string) string {
	switch {
	case n == 1:
	case strings.HasSuffix(what, "s"):
		what += "es"
	default:
		what += "s"
	}
	return strconv.Itoa(n) + " " + what
}
