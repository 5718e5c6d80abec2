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
	// Send sends Signal to the Scope of a generation, from the supervisor itself. It
	// has no answer: what counts is that the processes go, not that they were told.
	Send
	// Deliver passes Info on to the leader, its signal number translated already, its
	// payload and original sender kept; Sent with the same Ticket answers it.
	Deliver
	// Kill sends SIGKILL to the whole tree of a generation. It has no answer.
	Kill
	// Hold stops the intake of the real-time signals in Set: they are to wait in the
	// kernel's queue. What was taken in already may still be passed to Step.
	Hold
	// Release ends Hold for the signals in Set.
	Release
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

	Signal signals.Signal // Send
	Scope  config.Scope   // Send
	Info   signals.Info   // Deliver
	Ticket Ticket         // Deliver
	Set    signals.Set    // Hold, Release
	Note   Note           // Tell
}
