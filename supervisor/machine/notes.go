package machine

import (
	"time"

	"supervise/config"
	"supervise/signals"
)

// NoteKind says what a [Note] is about.
type NoteKind uint8

// The notes, each with the fields of Note that it fills in.
const (
	// Changed: the service went From one state To another.
	Changed NoteKind = iota
	// LeaderExited: the leader ended as Exit says, after it was up For so long. By its
	// settings that is a Success or not.
	LeaderExited
	// SurvivorsRemain: the leader is gone, others of its tree are not.
	SurvivorsRemain
	// Followed: the leader that ended has handed over to Reason, which is the leader now.
	Followed
	// Restarting: the service will be started again in For, 0 being at once. Count is
	// the number of restarts in a row, 0 if it could not be spawned.
	Restarting
	// Completed: the service ended as Exit says, and is not started again, by its policy or,
	// as Why says, because it was StartedOnce.
	Completed
	// GaveUp: the service has failed, for the reason Why. Count is the number of
	// restarts in a row; Reason is what was left where it WentToBackground, and how to keep
	// it from there.
	GaveUp
	// CannotSpawn: there is no new process, for Reason; Permanent as reported.
	CannotSpawn
	// StartDelayed: For so long there has been no answer to Spawn, for Reason.
	StartDelayed

	// Waits: the service is not started before Reason are as it needs them: names of services, and
	// what is the matter with those that are not on their way. StillWaits: that has changed.
	Waits
	StillWaits
	// StopsAfter: it is to stop, but Reason, the names of services that need it, are to stop first.
	// If that is empty, it is not to stop any more.
	StopsAfter
	// Yields: it is stopped, as it cannot go on without the service Reason.
	Yields
	// Outdated: it is restarted, as the service Reason was.
	Outdated

	// Remembered: the command Event takes effect later, when the state From ends.
	Remembered
	// Already: the command Event asks for what is the case already, in the state From.
	Already
	// RefusedCommand: the command Event cannot be carried out, for the reason Why. Info is the
	// signal that it would have sent, Reason the kernel's error if there is one.
	RefusedCommand
	// NoSuchService: Event names a service that does not exist, or no longer.
	NoSuchService
	// Commanded: the rule of a signal, or an Update, commands Event. The origin is that signal
	// or Update.
	Commanded
	// Obeyed: the signal Info has a rule with a command: Reason, as the configuration has it.
	Obeyed
	// HungUp: the signal Info says that the terminal is gone, which begins a shutdown.
	HungUp
	// NoSuchPlace: the value of the signal Info should be a service's place in the list of
	// services, but there are only Count.
	NoSuchPlace
	// Updated: configuration Count is in force.
	Updated
	// NotUpdated: the configuration is refused, for Reason, and nothing has changed.
	NotUpdated
	// Kept: the service was to be removed, but the new configuration has it. It goes down, and
	// stays.
	Kept

	// RungTimedOut: the rung Rung, from 0, had no effect within For.
	RungTimedOut
	// LadderCut: the rest of the ladder is skipped, SIGKILL comes next.
	LadderCut
	// SurvivesKill: there are processes For so long after the first of Count SIGKILLs. They
	// may be in uninterruptible sleep.
	SurvivesKill

	// AwaitsCore: the kernel writes the cores of the processes in Reason; SIGKILL waits for
	// them, up to For.
	AwaitsCore
	// CoreTooLong: that has taken For, and SIGKILL waits no longer.
	CoreTooLong
	// LeavesRemnant: the leader has ended, and the kernel writes its core, up to For. What
	// follows does not wait for that.
	LeavesRemnant
	// RemnantTooLong: that has taken For, and the core is cut short.
	RemnantTooLong
	// AwaitsRemnant: the shutdown waits until that core is written, up to For.
	AwaitsRemnant

	// Delivered: the kernel has taken the signal Info for the leader.
	Delivered
	// SentToMany: the signal Info was sent to the group or the tree (Scope), to Count
	// processes as far as that is known, for Event, which is Post, Pause or Continue.
	SentToMany
	// Translated: the signal Info will be passed on as the signal As.
	Translated
	// NoRule: there is neither a rule nor a service for the signal Info.
	NoRule
	// IgnoredSignal: the rules say to ignore the signal Info.
	IgnoredSignal
	// Held: Count signals wait for the service. It is told for 1, 2, 4, 8 and so on.
	Held
	// Coalesced: the signal Info merged into a pending one of its number.
	Coalesced
	// Dropped: Count signals are lost, for the reason Why. If Count is 1, Info is the signal,
	// as it was to be delivered.
	Dropped

	// ShuttingDown: a shutdown, of the kind Event (Shutdown or ShutdownNow), has begun. After
	// For every ladder is cut. Info is the signal that asked for it, if one did.
	ShuttingDown
	// ExitsWith: the service has ended by itself, its last leader as Exit says, and by the
	// configuration that begins a shutdown, after which to exit with the status Count.
	ExitsWith
	// AlreadyShuttingDown: Event, or Info, asks for a shutdown, and one is under way.
	AlreadyShuttingDown
	// ShutdownTimedOut: the time For is up, every ladder is cut.
	ShutdownTimedOut
	// StillWaiting: the shutdown waits for this service, in state From, at rung Rung of Count
	// (a Rung equal to Count is SIGKILL). The next step comes after For. Reason is why its start
	// takes so long, or whose core SIGKILL waits for.
	StillWaiting

	// LeftBehind: the shutdown is over, and the service still in state From, For so long after
	// the first of Count SIGKILLs, if there was one. Reason is as with StillWaiting. Where
	// nothing else of it is left, it is a former leader, whose core was being written.
	LeftBehind

	// Late: Event is about a generation that is gone; From is the state. With the reason
	// ShutdownBegun it comes after Finish, and something was left behind.
	Late
	// Impossible: Event cannot happen in state From, or, if it is about no service, for
	// Reason. The machine or its caller has a bug.
	Impossible

	numNotes = iota
)

// Why is the reason for which something was given up or dropped.
type Why uint8

// The reasons. The first five are of GaveUp, those from ShutdownBegun on of RefusedCommand,
// the others of Dropped; NotRunning is of both.
const (
	NoReason         Why = iota
	LimitReached         // as many restarts in a row as the limit allows
	PolicyNever          // the policy is to start it only once
	CannotExecute        // it cannot be executed, and never ran
	StartedOnce          // the command was to start it only once, whatever its policy
	WentToBackground     // its leader ended well, and has left others to go on
	NotRunning           // the service does not run and will not
	QueueFull            // the service's queue is full
	RefusedByKernel      // the kernel will never take it
	ServiceWentDown      // it was held for a service that will not run again
	ShutdownBegun        // a shutdown is under way, or over
	BeingRemoved         // the service is being removed
	WouldEnd             // the signal is not caught, and would end it
	NotSent              // none of its processes could be sent the signal
	numWhys          = iota
)

// Note is what a [Tell] or a [Report] says. Which fields are filled in depends on Kind.
type Note struct {
	Kind      NoteKind
	From      State
	To        State
	Event     EventKind
	Why       Why
	Permanent bool
	Success   bool
	As        signals.Signal // what a Translated signal becomes
	Scope     config.Scope
	Rung      int
	Count     int
	For       time.Duration
	Exit      signals.Exit
	Info      signals.Info
	Reason    string
}
