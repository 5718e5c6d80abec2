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
	// Spawn starts generation Gen of Service; Spawned or SpawnFailed answers it.
	Spawn
	// Send sends Signal to the Scope of a generation. A rung of a ladder is from the
	// supervisor itself, and has no answer: what counts is that the processes go, not that
	// they were told. One that was asked for has a Ticket, and Signalled answers it.
	Send
	// Deliver passes Info on to the leader, its signal number translated already, its
	// payload and original sender kept; Sent with the same Ticket answers it.
	Deliver
	// Survey asks what is left of a generation whose leader has ended, and whether it has
	// handed over to a part of that; Surveyed answers it.
	Survey
	// Follow makes the process PID the leader of the generation, whose tree it is in.
	Follow
	// Kill sends SIGKILL to the whole tree of a generation. It has no answer.
	Kill
	// Hold stops the intake of the real-time signals in Set: they are to wait in the
	// kernel's queue. What was taken in already may still be passed to Step.
	Hold
	// Release ends Hold for the signals in Set.
	Release
	// Inspect asks what Signal would do to the leader; Inspected with the same Ticket
	// answers it.
	Inspect
	// Report says to whoever asked with the event Ticket what became of that for Service: its
	// Note is one of Delivered, Held, Coalesced, Dropped, SentToMany and RefusedCommand, or
	// NoSuchService and Impossible if the command makes no sense. Nobody need be there who
	// wants to know.
	Report
	// ReportTail has the last lines told that Service wrote, as it did not end well. With
	// Final that is done even if they stand in the log already.
	ReportTail
	// Forget comes when Service is Removed: nothing of it is left, and nothing will be.
	Forget
	// Load has the configuration file Path read, or the present one if it is "", because a
	// signal asked for it; an Update or LoadFailed answers it, much later.
	Load
	// RunHook starts the program that the rules have for the signal Info.
	RunHook
	// Finish comes once: after a shutdown, when nothing is left.
	Finish

	numActions = iota
)

// Action is one thing to do. It is a plain comparable value. Fields that its Kind
// does not use are zero.
type Action struct {
	Kind    ActionKind
	Cause   EventID   // the event whose Step returned it
	Origin  EventID   // the event that the matter goes back to; may be Cause
	Service ServiceID // NoService where it is about none
	Gen     Gen       // zero where it is about none

	PID    int32          // Follow
	Signal signals.Signal // Send, Inspect
	Scope  config.Scope   // Send
	Info   signals.Info   // Deliver, RunHook
	Ticket Ticket         // Deliver, Inspect, Report; Send if it was asked for
	Final  bool           // ReportTail
	Path   string         // Load
	Set    signals.Set    // Hold, Release
	Note   Note           // Tell, Report
}
