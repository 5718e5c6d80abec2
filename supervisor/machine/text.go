package machine

import (
	"strconv"
	"time"

	"supervise/config"
)

var stateNames = [numStates]string{
	Stopped: "stopped", Starting: "starting", Running: "running", Stopping: "stopping",
	Clearing: "clearing", Backoff: "backoff", Failed: "failed", Removed: "removed",
}

var eventNames = [numEvents]string{
	Boot: "boot", Start: "start", Stop: "stop", Restart: "restart", Remove: "remove", Post: "post", Signal: "signal",
	Tick: "tick", Update: "update", Shutdown: "shutdown", ShutdownNow: "shutdown-now", Spawned: "spawned",
	SpawnFailed: "spawn-failed", Exited: "exited", Emptied: "emptied", Sent: "sent",
}

var resultNames = [numResults]string{OK: "ok", Again: "again", Gone: "gone", Refused: "refused"}

var whyNames = [numWhys]string{
	LimitReached:    "that is its limit",
	PolicyNever:     "its policy is never to restart it",
	CannotExecute:   "it never ran, and another try would end the same",
	StartedOnce:     "it was to be started but once",
	NotRunning:      "the service does not run",
	QueueFull:       "its queue is full",
	RefusedByKernel: "the kernel refuses it",
	ShutdownBegun:   "a shutdown is under way",
	BeingRemoved:    "it is being removed",
	ServiceWentDown: "the service went down",
}

var actionNames = [numActions]string{
	Tell: "tell", Spawn: "spawn", Send: "send", Deliver: "deliver", Kill: "kill",
	Hold: "hold", Release: "release", Finish: "finish",
}

var noteNames = [numNotes]string{
	Changed: "changed", LeaderExited: "leader-exited", SurvivorsRemain: "survivors-remain",
	Restarting: "restarting", Completed: "completed", GaveUp: "gave-up", CannotSpawn: "cannot-spawn",
	Remembered: "remembered", Already: "already", RefusedCommand: "refused-command",
	Updated: "updated", Kept: "kept",
	NoSuchService: "no-such-service", RungTimedOut: "rung-timed-out", LadderCut: "ladder-cut",
	SurvivesKill: "survives-kill", Translated: "translated", NoRule: "no-rule",
	IgnoredSignal: "ignored-signal", Held: "held", Coalesced: "coalesced", Dropped: "dropped",
	ShuttingDown: "shutting-down", AlreadyShuttingDown: "already-shutting-down",
	ShutdownTimedOut: "shutdown-timed-out", StillWaiting: "still-waiting",
	Late: "late", Impossible: "impossible",
}

// name returns the ith name, or the number when there is none.
func name[K ~uint8](names []string, i K) string {
	if int(i) < len(names) && names[i] != "" {
		return names[i]
	}
	return strconv.Itoa(int(i))
}

// String returns the state's name: "stopped", "backoff".
func (s State) String() string { return name(stateNames[:], s) }

// String returns "down", "up" or "absent".
func (w Wanted) String() string { return name([]string{"down", "up", "absent"}, w) }

// String returns the event's name: "start", "spawn-failed", "shutdown-now".
func (k EventKind) String() string { return name(eventNames[:], k) }

// String returns the action's name: "spawn", "deliver".
func (k ActionKind) String() string { return name(actionNames[:], k) }

// String returns a word for the kind of note, as logs and journals have it:
// "rung-timed-out", "gave-up".
func (k NoteKind) String() string { return name(noteNames[:], k) }

// String returns "ok", "again", "gone" or "refused".
func (r Result) String() string { return name(resultNames[:], r) }

// String gives the reason as the end of a sentence.
func (w Why) String() string { return name(whyNames[:], w) }

// generation writes "web/3".
func generation(service string, gen Gen) string {
	return service + "/" + strconv.FormatUint(uint64(gen), 10)
}

// Text says what the event is, in one line; service is the name of its Service.
func (e Event) Text(service string) string {
	text := e.Kind.String()
	switch {
	case e.Kind.ofGeneration():
		text += " " + generation(service, e.Gen)
	case e.Kind == Start, e.Kind == Stop, e.Kind == Restart, e.Kind == Remove, e.Kind == Post:
		text += " " + service
	}
	switch e.Kind {
	case Start, Restart:
		if e.Once {
			text += ", once"
		}
	case Update:
		text += " to configuration " + strconv.Itoa(int(e.Revision))
	case Spawned:
		text += " as pid " + strconv.Itoa(int(e.PID))
	case SpawnFailed:
		text += ": " + e.Reason + permanently(e.Permanent)
	case Exited:
		text = generation(service, e.Gen) + " " + e.Exit.String()
		if e.Survivors {
			text += ", survivors remain"
		}
	case Signal, Post:
		text += " " + e.Info.String()
	case Sent:
		text += " #" + id(e.Ticket) + ": " + e.Result.String()
	}
	return text
}

func permanently(yes bool) string {
	if yes {
		return ", for good"
	}
	return ""
}

func id(n EventID) string { return strconv.FormatUint(uint64(n), 10) }

func scopeText(scope config.Scope) string {
	switch scope {
	case config.Main:
		return "the leader"
	case config.Group:
		return "the group"
	default:
		return "the tree"
	}
}

// Text says what the action is, in one line; service is the name of its Service.
func (a Action) Text(service string) string {
	of := generation(service, a.Gen)
	switch a.Kind {
	case Spawn:
		return "spawn " + of
	case Send:
		return "send " + a.Signal.String() + " to " + scopeText(a.Scope) + " of " + of
	case Deliver:
		return "deliver to " + of + ": " + a.Info.String()
	case Kill:
		return "kill the tree of " + of
	case Hold:
		return "hold " + a.Set.String()
	case Release:
		return "release " + a.Set.String()
	case Finish:
		return "finish"
	}
	if a.Service == NoService {
		return a.Note.String()
	}
	return service + ": " + a.Note.String()
}

// round makes a duration readable: three digits are enough for a human.
func round(d time.Duration) string {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit).String()
}
