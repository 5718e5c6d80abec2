package journal

import (
	"time"

	"supervise/signals"
	"supervise/supervisor/attribution"
	"supervise/supervisor/machine"
)

// Entry is one thing that happened, or that was done. It has an Event, an Action or a Fact;
// or an Event and an Action, which is the note that the machine made of a signal: Obeyed or
// HungUp.
type Entry struct {
	ID     uint64          // its number, from 1; the journal gives it
	Cause  uint64          // the number of the entry that led to it at once, 0 for none
	Origin uint64          // of the one that the matter goes back to, which may be itself
	Time   time.Duration   // since this run of the supervisor began; negative for earlier runs
	Step   machine.EventID // the step of the machine in which it was added; 0 for earlier runs

	Service string        // "" when it is about none in particular
	PID     int           // of the process that it is about, 0 for none
	By      machine.Asker // who sent or asked for it; the zero value is nobody that is known

	// What an entry has as fields of its own these have not: Cause, Origin, Service and By.
	Event  *machine.Event
	Action *machine.Action
	Fact   Fact

	Verdict   attribution.Verdict // of the note LeaderExited: who ended it
	Processes string              // of notes about survivors: who they are, "812 (sleep), 813 (sh)"
}

// FactKind says what happened beside the machine.
type FactKind uint8

// The facts. The zero value is none.
const (
	HookStarted  FactKind = iota + 1 // the program Command runs
	HookFailed                       // no program could be run, for Reason
	HookTimedOut                     // its time is over, and it is killed
	HookEnded                        // it ended as Exit says
	OOMFound                         // what is known of the OOM killer's part in an end: OOM

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
}

var factNames = [numFacts]string{
	HookStarted: "hook-started", HookFailed: "hook-failed", HookTimedOut: "hook-timed-out",
	HookEnded: "hook-ended", OOMFound: "oom-found",
}

// String returns the name of the kind: "hook-started".
func (k FactKind) String() string {
	if int(k) < len(factNames) {
		return factNames[k]
	}
	return "fact"
}
