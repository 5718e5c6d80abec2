package machine

import "strconv"

// String says what the note tells, in words that follow the name of the service:
// "running -> backoff", "exited with code 3 after 12ms".
func (n Note) String() string {
	switch n.Kind {
	case Changed:
		return n.From.String() + " -> " + n.To.String()
	case LeaderExited:
		return n.Exit.String() + " after " + round(n.For)
	case SurvivorsRemain:
		return "its leader is gone, others of its tree are not"
	case Restarting:
		return n.restarting()
	case Completed:
		if n.Why != NoReason {
			return "completed: " + n.Exit.String() + ", and " + n.Why.String()
		}
		return "completed: " + n.Exit.String() + ", which its policy leaves at that"
	case GaveUp:
		if n.Count == 0 {
			return "given up: " + n.Why.String()
		}
		return "given up after " + plural(n.Count, "restart") + " in a row: " + n.Why.String()
	case CannotSpawn:
		return "cannot spawn" + permanently(n.Permanent) + ": " + n.Reason
	case Remembered:
		return n.Event.String() + " is remembered while it is " + n.From.String()
	case Already:
		return n.Event.String() + " changes nothing, it is " + n.From.String()
	case RefusedCommand:
		return n.Event.String() + " is refused, " + n.Why.String()
	case NoSuchService:
		return n.Event.String() + " for a service that does not exist"
	case Updated:
		return "configuration " + strconv.Itoa(n.Count) + " is in force"
	case Kept:
		return "it is in the new configuration, and not removed"
	case RungTimedOut:
		return "rung " + strconv.Itoa(n.Rung+1) + " of its ladder timed out after " + round(n.For)
	case LadderCut:
		return "its ladder is cut"
	case SurvivesKill:
		return "survives SIGKILL for " + round(n.For) + ", sent " + plural(n.Count, "time")
	case ShuttingDown, AlreadyShuttingDown, ShutdownTimedOut, StillWaiting:
		return n.shutdown()
	case Late:
		return n.Event.String() + " comes late, its generation is gone and the service is " + n.From.String()
	case Impossible:
		if n.Reason != "" {
			return n.Reason
		}
		return n.Event.String() + " cannot happen while it is " + n.From.String()
	default:
		return n.signal()
	}
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

func (n Note) shutdown() string {
	switch n.Kind {
	case ShuttingDown, AlreadyShuttingDown:
		text := n.Event.String()
		if n.Info.Signal != 0 {
			text += " by " + n.Info.String()
		}
		if n.Kind == AlreadyShuttingDown {
			return text + " changes nothing, one is under way"
		}
		if n.For > 0 {
			text += ", within " + round(n.For)
		}
		return text
	case ShutdownTimedOut:
		return "the shutdown has taken " + round(n.For) + ", every ladder is cut"
	default:
		return "the shutdown waits for it: " + n.From.String() + n.rung() + ", " + round(n.For) + " left"
	}
}

func (n Note) rung() string {
	if !n.From.climbing() {
		return ""
	}
	if n.Rung >= n.Count {
		return " with SIGKILL"
	}
	return " at rung " + strconv.Itoa(n.Rung+1) + " of " + strconv.Itoa(n.Count)
}

func (n Note) signal() string {
	switch n.Kind {
	case Translated:
		return n.Info.String() + " becomes " + n.As.String()
	case NoRule:
		return "no rule and no service for " + n.Info.String()
	case IgnoredSignal:
		return "ignores " + n.Info.String() + ", as the rules say"
	case Held:
		return plural(n.Count, "signal") + " held"
	case Coalesced:
		return "one is pending already, merged: " + n.Info.String()
	case Dropped:
		text := "lost " + plural(n.Count, "signal")
		if n.Info.Signal != 0 {
			text = "lost " + n.Info.String()
		}
		return text + ": " + n.Why.String()
	default:
		return "note " + strconv.Itoa(int(n.Kind))
	}
}

// plural writes "1 restart", "2 restarts".
func plural(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return strconv.Itoa(n) + " " + what
}
