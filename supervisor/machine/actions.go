package machine

import (
	"supervise/config"
	"supervise/signals"
)

// ActionKind says what is to be done.
type ActionKind uint8

// The actions.
const (
	// Tell asks for nothing: its Note says what was decided and why, for the log and
	// the journal.
	Tell ActionKind = iota
	// Spawn starts generation Gen of Service; Spawned or SpawnFailed answers it, and before
	// that Delayed if it takes long.
	Spawn
	// GiveUpStart ends the start of a generation that has not been answered. The answer comes
	// as ever, unless not even SIGKILL helps.
	GiveUpStart
	// Send sends Signal to the Scope of a generation. For a rung of a ladder it has no answer:
	// what counts is that the processes end. If somebody asked for it, it has a Ticket, and
	// Signalled answers it.
	Send
	// Deliver passes Info on to the leader, with its payload and original sender. Its number
	// has been translated already. Sent with the same Ticket answers it.
	Deliver
	// Survey asks what is left of a generation whose leader has ended, and whether it has
	// handed over to a part of that; Surveyed answers it.
	Survey
	// Follow makes the process PID the leader of the generation, whose tree it is in.
	Follow
	// Kill sends SIGKILL to the whole tree of a generation. It has no answer.
	Kill
	// LookForDumps asks whether the kernel writes the core of a process of the tree, which
	// SIGKILL would cut short; DumpsSeen answers it.
	LookForDumps
	// KillRemnant sends SIGKILL to PID, a former leader whose core is still being written.
	KillRemnant
	// Hold stops the intake of the real-time signals in Set: they wait in the kernel's queue.
	// Signals that were received before may still be passed to Step.
	Hold
	// Release ends Hold for the signals in Set.
	Release
	// Inspect asks what Signal would do to the leader; Inspected with the same Ticket
	// answers it.
	Inspect
	// Report gives the client that asked with the event Ticket, if there still is one, the
	// result for Service. Its Note is one of Delivered, Held, Coalesced, Dropped, SentToMany
	// and RefusedCommand, or NoSuchService and Impossible if the command makes no sense.
	Report
	// ReportTail logs the last lines that Service wrote, as it did not end well. With Final
	// they are logged even if they are in the log already.
	ReportTail
	// Forget comes when Service is Removed: it will never have a process again.
	Forget
	// Load reads the configuration file Path, or the present one if that is "", because a
	// signal asked for it. An Update or LoadFailed answers it, much later.
	Load
	// RunHook starts the program that the rules have for the signal Info.
	RunHook
	// ReopenLog has the log files of Service, or of all with NoService, opened anew if they were
	// moved away.
	ReopenLog
	// Finish comes once: after a shutdown, when nothing is left, or nothing more can be done
	// about what is. Status is what to exit with.
	Finish

	numActions = iota
)

// Action is one thing to do. It is a plain comparable value. Fields that its Kind
// does not use are zero.
type Action struct {
	Kind    ActionKind
	Cause   EventID   // the event whose Step returned it
	Origin  EventID   // the event that it all goes back to; may be Cause
	Service ServiceID // NoService if it is about none
	Gen     Gen       // zero if it is about none

	PID    int32          // Follow, KillRemnant
	Signal signals.Signal // Send, Inspect
	Scope  config.Scope   // Send
	Info   signals.Info   // Deliver, RunHook
	Ticket Ticket         // Deliver, Inspect, Report; Send if it was asked for
	Final  bool           // ReportTail
	Path   string         // Load
	Set    signals.Set    // Hold, Release
	Status int            // Finish
	Note   Note           // Tell, Report
}
