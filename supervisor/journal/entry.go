package journal

import (
	"time"

	"supervise/signals"
	"supervise/supervisor/attribution"
	"supervise/supervisor/machine"
)

// Entry is one thing that happened, or that was done. It has an Event, an Action or a Fact.
// The Event of a signal that commands has an Action, too: its note, Obeyed or HungUp.
type Entry struct {
	ID     uint64          // its number, from 1, given by the journal
	Cause  uint64          // number of the entry that directly led to it, 0 for none
	Origin uint64          // number of the entry that it all goes back to, which may be its own
	Time   time.Duration   // since this run of the supervisor began; negative in earlier runs
	Step   machine.EventID // the machine's step in which it was added; 0 in earlier runs

	Service string        // "" if it is about none in particular
	PID     int           // of the process that it is about, 0 for none
	By      machine.Asker // who sent or asked for it; zero if nobody did, or it is not known

	// In an entry that was kept, what the fields above say is not repeated in these.
	Event  *machine.Event
	Action *machine.Action
	Fact   Fact

	Verdict   attribution.Verdict // with the note LeaderExited: who ended it
	Processes string              // with notes about survivors: "812 (sleep), 813 (sh)"
}

// FactKind says what happened beside the machine.
type FactKind uint8

// The facts. The zero value is none.
const (
	HookStarted  FactKind = iota + 1 // the program Command runs
	HookFailed                       // the program could not be started, for Reason
	HookTimedOut                     // it took too long, and is killed
	HookEnded                        // it ended as Exit says
	OOMFound                         // the OOM killer may have ended a main process: OOM
	LinesRead                        // the last lines that a main process wrote before its end: Lines
	Crashed                          // a process has crashed: Core, and its stack in Lines
	CoreKept                         // what has become of its core, if Crashed was told before that was known: Core

	numFacts = iota + 1
)

// Fact is what happened beside the machine. It is a plain comparable value. Fields that its
// Kind does not use are zero.
type Fact struct {
	Kind    FactKind
	Command string              // HookStarted
	Reason  string              // HookFailed
	Exit    signals.Exit        // HookEnded
	OOM     attribution.Finding // OOMFound
	Lines   string              // LinesRead: see [JoinLines]; Crashed: see [JoinStack]
	Core    Core                // Crashed, CoreKept
}

var factNames = [numFacts]string{
	HookStarted: "hook-started", HookFailed: "hook-failed", HookTimedOut: "hook-timed-out",
	HookEnded: "hook-ended", OOMFound: "oom-found", LinesRead: "lines-read",
	Crashed: "crashed", CoreKept: "core-kept",
}

// String returns the name of the kind: "hook-started".
func (k FactKind) String() string {
	if int(k) < len(factNames) {
		return factNames[k]
	}
	return "fact"
}
