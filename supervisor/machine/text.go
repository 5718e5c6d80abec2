package machine

import (
	"errors"
	"slices"
	"strconv"
	"time"

	"supervise/config"
)

var stateNames = [numStates]string{
	Stopped: "stopped", Waiting: "waiting", Starting: "starting", Running: "running", Done: "done", Stopping: "stopping",
	Clearing: "clearing", Backoff: "backoff", Failed: "failed", Removed: "removed",
}

var eventNames = [numEvents]string{
	Boot: "boot", Start: "start", Stop: "stop", Restart: "restart", Remove: "remove",
	Reload: "reload", Pause: "pause", Continue: "continue", Post: "post", Signal: "signal",
	Tick: "tick", Update: "update", LoadFailed: "load-failed", Shutdown: "shutdown", ShutdownNow: "shutdown-now", Neighbour: "neighbour", Spawned: "spawned",
	SpawnFailed: "spawn-failed", Delayed: "delayed", Exited: "exited", Emptied: "emptied", DumpsSeen: "dumps-seen", RemnantEnded: "remnant-ended", Surveyed: "surveyed", Sent: "sent",
	Inspected: "inspected", Signalled: "signalled",
}

var wantedNames = [numWanted]string{Down: "down", Up: "up", Absent: "absent"}

var resultNames = [numResults]string{OK: "ok", Again: "again", Gone: "gone", Refused: "refused"}

var whyNames = [numWhys]string{
	LimitReached:     "that is its limit",
	PolicyNever:      "its policy is never to restart it",
	CannotExecute:    "it never ran, and another try would end the same",
	StartedOnce:      "it was to be started but once",
	WentToBackground: "it went into the background",
	NotRunning:       "the service does not run",
	QueueFull:        "its queue is full",
	RefusedByKernel:  "the kernel refuses it",
	ShutdownBegun:    "a shutdown is under way",
	BeingRemoved:     "it is being removed",
	WouldEnd:         "it would end by a signal that it does not catch:",
	NotSent:          "none of its processes could be sent",
	ServiceWentDown:  "the service went down",
}

var actionNames = [numActions]string{
	Tell: "tell", Spawn: "spawn", GiveUpStart: "give-up-start", Send: "send", Deliver: "deliver", Survey: "survey", Follow: "follow", Kill: "kill",
	LookForDumps: "look-for-dumps", KillRemnant: "kill-remnant",
	Hold: "hold", Release: "release", Inspect: "inspect", Report: "report", ReportTail: "report-tail",
	Forget: "forget", Load: "load", RunHook: "run-hook", ReopenLog: "reopen-log", Finish: "finish",
}

var noteNames = [numNotes]string{
	Changed: "changed", LeaderExited: "leader-exited", SurvivorsRemain: "survivors-remain",
	Followed: "followed", Restarting: "restarting", Completed: "completed", GaveUp: "gave-up", CannotSpawn: "cannot-spawn",
	StartDelayed: "start-delayed",
	Waits:        "waits", StillWaits: "still-waits", StopsAfter: "stops-after", Yields: "yields", Outdated: "outdated",
	Remembered: "remembered", Already: "already", RefusedCommand: "refused-command",
	Commanded: "commanded", Obeyed: "obeyed", HungUp: "hung-up", NoSuchPlace: "no-such-place",
	Updated: "updated", NotUpdated: "not-updated", Kept: "kept",
	NoSuchService: "no-such-service", RungTimedOut: "rung-timed-out", LadderCut: "ladder-cut",
	SurvivesKill: "survives-kill", AwaitsCore: "awaits-core", CoreTooLong: "core-too-long",
	LeavesRemnant: "leaves-remnant", RemnantTooLong: "remnant-too-long", AwaitsRemnant: "awaits-remnant", Delivered: "delivered", SentToMany: "sent-to-many", Translated: "translated", NoRule: "no-rule",
	IgnoredSignal: "ignored-signal", Held: "held", Coalesced: "coalesced", Dropped: "dropped",
	ExitsWith: "exits-with", ShuttingDown: "shutting-down", AlreadyShuttingDown: "already-shutting-down",
	ShutdownTimedOut: "shutdown-timed-out", StillWaiting: "still-waiting",
	LeftBehind: "left-behind",
	Late:       "late", Impossible: "impossible",
}

// name returns the ith name, or the number when there is none.
func name[K ~uint8](names []string, i K) string {
	if int(i) < len(names) && names[i] != "" {
		return names[i]
	}
	return strconv.Itoa(int(i))
}

// parse finds the number of a name. The error says of what kind of name.
func parse[K ~uint8](names []string, what string, text []byte, to *K) error {
	i := slices.Index(names, string(text))
	if i < 0 {
		return errors.New("there is no " + what + " " + strconv.Quote(string(text)))
	}
	*to = K(i)
	return nil
}

// String returns the state's name: "stopped", "backoff".
func (s State) String() string { return name(stateNames[:], s) }

// MarshalText writes what String returns.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (s *State) UnmarshalText(text []byte) error { return parse(stateNames[:], "state", text, s) }

// String returns "down", "up" or "absent".
func (w Wanted) String() string { return name(wantedNames[:], w) }

// MarshalText writes what String returns.
func (w Wanted) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (w *Wanted) UnmarshalText(text []byte) error {
	return parse(wantedNames[:], "wanted state", text, w)
}

// String returns the event's name: "start", "spawn-failed", "shutdown-now".
func (k EventKind) String() string { return name(eventNames[:], k) }

// MarshalText writes what String returns.
func (k EventKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (k *EventKind) UnmarshalText(text []byte) error { return parse(eventNames[:], "event", text, k) }

// String returns the action's name: "spawn", "deliver".
func (k ActionKind) String() string { return name(actionNames[:], k) }

// String returns a word for the kind of note, as logs and journals have it:
// "rung-timed-out", "gave-up".
func (k NoteKind) String() string { return name(noteNames[:], k) }

var effectNames = [numEffects]string{
	NoEffect: "none", Coalesces: "coalesces", Caught: "caught", Blocked: "blocked", Fatal: "fatal",
}

// String returns "none", "coalesces", "caught", "blocked" or "fatal".
func (e Effect) String() string { return name(effectNames[:], e) }

// String returns "ok", "again", "gone" or "refused".
func (r Result) String() string { return name(resultNames[:], r) }

// String returns the reason as the end of a sentence.
func (w Why) String() string { return name(whyNames[:], w) }

// generation writes "web/3".
func generation(service string, gen Gen) string {
	return service + "/" + strconv.FormatUint(uint64(gen), 10)
}

// Text says what the event is, in one line; service is the name of its Service.
func (e Event) Text(service string) string {
	if e.Kind >= numEvents {
		return "event " + e.Kind.String()
	}
	return eventTexts[e.Kind](e, service)
}

var eventTexts = [numEvents]func(e Event, service string) string{
	Boot:        Event.alone,
	Start:       Event.start,
	Stop:        Event.about,
	Restart:     Event.start,
	Remove:      Event.about,
	Reload:      Event.about,
	Pause:       Event.about,
	Continue:    Event.about,
	Post:        Event.post,
	Signal:      Event.signal,
	Tick:        Event.alone,
	Update:      func(e Event, _ string) string { return "update to configuration " + strconv.Itoa(int(e.Revision)) },
	LoadFailed:  func(e Event, _ string) string { return "load-failed: " + e.Reason },
	Shutdown:    Event.alone,
	ShutdownNow: Event.alone,
	Neighbour:   Event.alone,
	Spawned:     func(e Event, service string) string { return e.of(service) + " as pid " + strconv.Itoa(int(e.PID)) },
	SpawnFailed: func(e Event, service string) string {
		return e.of(service) + ": " + e.Reason + permanently(e.Permanent)
	},
	Delayed:      func(e Event, service string) string { return e.of(service) + ": " + e.Reason },
	Exited:       Event.exited,
	Emptied:      Event.of,
	DumpsSeen:    Event.dumpsSeen,
	RemnantEnded: func(e Event, service string) string { return e.of(service) + ": pid " + strconv.Itoa(int(e.PID)) },
	Surveyed:     Event.surveyed,
	Sent:         func(e Event, service string) string { return e.answer(service) + e.Result.String() },
	Inspected:    func(e Event, service string) string { return e.answer(service) + e.Effect.String() },
	Signalled:    Event.signalled,
}

func (e Event) alone(string) string { return e.Kind.String() }

func (e Event) about(service string) string { return e.Kind.String() + " " + service }

// of is the beginning of a text about a generation.
func (e Event) of(service string) string { return e.Kind.String() + " " + generation(service, e.Gen) }

// answer is the beginning of a text about the answer to an action.
func (e Event) answer(service string) string { return e.of(service) + " #" + id(e.Ticket) + ": " }

func (e Event) start(service string) string {
	if e.Once {
		return e.about(service) + ", once"
	}
	return e.about(service)
}

func (e Event) post(service string) string {
	text := e.about(service) + " " + e.Info.String()
	if e.Scope != config.Main {
		text += " to " + scopeText(e.Scope)
	}
	return text
}

func (e Event) signal(string) string {
	text := "signal " + e.Info.String()
	if e.TerminalGone {
		text += ", the terminal is gone"
	}
	return text
}

func (e Event) exited(service string) string {
	text := generation(service, e.Gen) + " " + e.Exit.String()
	if e.Dumping {
		text += ", its core is being written"
	}
	if e.Survivors {
		text += ", survivors remain"
	}
	return text
}

func (e Event) dumpsSeen(service string) string {
	if e.Count == 0 {
		return e.of(service) + ": none"
	}
	return e.of(service) + ": " + e.Reason
}

func (e Event) surveyed(service string) string {
	if e.PID == 0 {
		return e.of(service) + ": " + e.Reason
	}
	return e.of(service) + ": handed over to " + e.Reason
}

func (e Event) signalled(service string) string {
	if e.Reason != "" {
		return e.answer(service) + e.Reason
	}
	return e.answer(service) + plural(e.Count, "process")
}

func permanently(yes bool) string {
	if yes {
		return ", for good"
	}
	return ""
}

func id(n EventID) string { return strconv.FormatUint(uint64(n), 10) }

// scopeTexts say whom a signal of a scope is for.
var scopeTexts = []string{config.Main: "the leader", config.Group: "the group", config.Tree: "the tree"}

func scopeText(scope config.Scope) string { return name(scopeTexts, scope) }

// Text says what the action is, in one line; service is the name of its Service.
func (a Action) Text(service string) string {
	if a.Kind >= numActions {
		return "action " + a.Kind.String()
	}
	return actionTexts[a.Kind](a, service)
}

var actionTexts = [numActions]func(a Action, service string) string{
	Tell:        Action.note,
	Spawn:       Action.of,
	GiveUpStart: Action.of,
	Send:        Action.send,
	Deliver: func(a Action, service string) string {
		return "deliver to " + generation(service, a.Gen) + ": " + a.Info.String()
	},
	Survey:       Action.of,
	Follow:       func(a Action, service string) string { return a.of(service) + " as pid " + strconv.Itoa(int(a.PID)) },
	Kill:         func(a Action, service string) string { return "kill the tree of " + generation(service, a.Gen) },
	LookForDumps: Action.of,
	KillRemnant: func(a Action, service string) string {
		return "kill pid " + strconv.Itoa(int(a.PID)) + ", which " + service + " has left"
	},
	Hold:       func(a Action, _ string) string { return "hold " + a.Set.String() },
	Release:    func(a Action, _ string) string { return "release " + a.Set.String() },
	Inspect:    func(a Action, service string) string { return a.of(service) + " for " + a.Signal.String() },
	Report:     func(a Action, service string) string { return "report #" + id(a.Ticket) + " " + a.note(service) },
	ReportTail: Action.reportTail,
	Forget:     func(_ Action, service string) string { return "forget " + service },
	Load:       func(a Action, _ string) string { return "load " + strconv.Quote(a.Path) },
	RunHook:    func(a Action, _ string) string { return "run the hook for " + a.Info.String() },
	ReopenLog:  Action.reopenLog,
	Finish:     Action.finish,
}

// note is the Note, with the service's name before it if it is about one.
func (a Action) note(service string) string {
	if a.Service == NoService {
		return a.Note.String()
	}
	return service + ": " + a.Note.String()
}

func (a Action) reopenLog(service string) string {
	if a.Service == NoService {
		return "reopen all logs"
	}
	return "reopen the log of " + service
}

func (a Action) finish(string) string {
	if a.Status != 0 {
		return "finish with status " + strconv.Itoa(a.Status)
	}
	return "finish"
}

func (a Action) of(service string) string { return a.Kind.String() + " " + generation(service, a.Gen) }

func (a Action) send(service string) string {
	return "send " + a.Signal.String() + " to " + scopeText(a.Scope) + " of " + generation(service, a.Gen)
}

func (a Action) reportTail(service string) string {
	if a.Final {
		return "report the tail of " + service + ", in any case"
	}
	return "report the tail of " + service
}

// round rounds a duration to three digits.
func round(d time.Duration) string {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit).String()
}
