package machine

import (
	"supervise/config"
	"supervise/signals"
)

// ServiceID names a service for as long as the machine lives. Those of the file that
// [New] was given are numbered from 0 as they stand there, those that an Update adds
// after all that there were. No id is ever used for another service.
type ServiceID int32

// NoService is the service of an action that is about none in particular.
const NoService ServiceID = -1

// Gen counts the generations of one service, from 1. Zero is none.
type Gen uint32

// EventID numbers the events of one machine in the order of its steps, from 1.
type EventID uint64

// EventKind says what happened.
type EventKind uint8

// The events. Those below Spawned come from outside at any time; Spawned and those
// after it report on one generation of one service.
const (
	// Boot starts every enabled service. It is the first event, and comes once.
	Boot EventKind = iota
	// Start, Stop and Restart are commands about Service. After a Start or Restart with
	// Once, its policy does not start it again when it ends, also if it runs already. The
	// next one without Once cancels that.
	Start
	Stop
	Restart
	// Remove stops Service, if it is not down, for good. When nothing is left of it, there
	// is no service with its id any more.
	Remove
	// Reload makes Service read its own configuration again, by the signal that its settings
	// name. Pause stops all of its processes (SIGSTOP), Continue continues them (SIGCONT). A
	// [Report] answers each of them.
	Reload
	Pause
	Continue
	// Post is the command to send Info to Service as it is: no rule is asked and nothing is
	// translated. For the main process it takes its place among the forwarded signals; for a
	// group or a tree (Scope) it is sent at once. A [Report] answers it.
	Post
	// Signal says that the supervisor itself was sent Info. It is never SIGCHLD, which only
	// tells the loop to reap. With TerminalGone, the kernel or the shell has sent it because
	// the terminal was closed.
	Signal
	// Tick says that [Machine.Deadline] has passed. One that comes early does nothing.
	Tick
	// Update applies the configuration to which [Machine.Offer] gave Revision: it starts new
	// services, removes those that are gone, and restarts those whose changed settings
	// require it. Path is that of its file.
	Update
	// LoadFailed answers [Load], or the command update: the configuration at Path cannot be
	// applied, for Reason, and nothing changes.
	LoadFailed
	// Shutdown stops everything for good, ShutdownNow does so with SIGKILL.
	Shutdown
	ShutdownNow
	// Neighbour says for one service that another one, which it needs or which needs it, has
	// changed. It never comes from outside: the machine itself tells each that it concerns.
	Neighbour
	// Spawned answers Spawn: the leader runs, with PID.
	Spawned
	// SpawnFailed answers Spawn: there is no process. Reason says why, for humans. Permanent
	// says that waiting does not help, as with a missing executable, unlike EAGAIN, ENOMEM or
	// a full pids.max.
	SpawnFailed
	// Delayed says that there is no answer to Spawn yet, for Reason.
	Delayed
	// Exited says that the leader has been reaped; Survivors, whether others of its
	// tree are still alive. With Dumping it has not been: the kernel writes its core, and it
	// will never run again. RemnantEnded follows.
	Exited
	// Emptied says that the last survivor is gone, after Exited with Survivors.
	Emptied
	// DumpsSeen answers LookForDumps: the kernel writes the cores of Count processes, which
	// Reason names.
	DumpsSeen
	// RemnantEnded says that PID has been reaped, the leader of an earlier generation, or of
	// this one, after Exited with Dumping.
	RemnantEnded
	// Surveyed answers Survey: PID is the process to which the leader that ended has handed
	// over, 0 if there is none. Reason names it, or what else is left, for humans.
	Surveyed
	// Sent answers Deliver: the result for the signal with Ticket.
	Sent
	// Inspected answers Inspect: what the signal would do to the main process is Effect.
	Inspected
	// Signalled answers a Send with a Ticket: the signal was sent to Count processes, or to
	// none, for Reason.
	Signalled

	numEvents = iota
)

// Event is one thing that happened. It is a plain comparable value, so that it
// travels through a channel and into a journal as it is. Fields that its Kind does
// not use are zero.
type Event struct {
	Kind    EventKind
	Service ServiceID // if Kind is [EventKind.OfService]
	Gen     Gen       // Spawned and what follows it
	By      Asker     // who asked for it, or sent Info; zero for what simply happens

	Once         bool         // Start, Restart
	More         bool         // another command of the same request follows, and what services mean to each other is decided then
	Scope        config.Scope // Post
	TerminalGone bool         // Signal
	Revision     Revision     // Update
	Path         string       // Update, LoadFailed
	PID          int32        // Spawned, Surveyed, RemnantEnded; for Boot that of the supervisor
	Permanent    bool         // SpawnFailed
	Reason       string       // SpawnFailed, Delayed, LoadFailed, Signalled, Surveyed, DumpsSeen
	Exit         signals.Exit // Exited
	Survivors    bool         // Exited
	Dumping      bool         // Exited
	Info         signals.Info // Signal, Post; for Reload, Pause and Continue only the sender
	Ticket       Ticket       // Sent, Inspected, Signalled
	Result       Result       // Sent
	Effect       Effect       // Inspected
	Count        int          // Signalled, DumpsSeen
}

// OfService reports whether the event is about its Service.
func (k EventKind) OfService() bool {
	switch k {
	case Start, Stop, Restart, Remove, Reload, Pause, Continue, Post,
		Spawned, SpawnFailed, Delayed, Exited, Emptied, DumpsSeen, RemnantEnded, Surveyed, Sent, Inspected, Signalled:
		return true
	case Boot, Signal, Tick, Update, LoadFailed, Shutdown, ShutdownNow, Neighbour:
		return false
	}
	return false
}

// Answered reports whether the event is a command that a [Report] answers.
func (k EventKind) Answered() bool { return k == Reload || k == Pause || k == Continue || k == Post }

// Ticket identifies a request to a service: it is the number of the event with which it came.
type Ticket = EventID

// Effect is what a signal can do to a main process, going by what /proc says just before it
// is sent.
type Effect uint8

// The effects, in the kernel's words.
const (
	// NoEffect: the process ignores it, or its default action does not end a process.
	NoEffect Effect = iota
	// Coalesces: one is pending already, or another signal is ending the process.
	Coalesces
	// Caught: a handler takes it, which may end the process by the same signal.
	Caught
	// Blocked: it is pending until it is unblocked; or its effect is not known.
	Blocked
	// Fatal: the kernel ends the process at once.
	Fatal

	numEffects = iota
)

// Result is the result of a [Deliver].
type Result uint8

// The results.
const (
	// OK says that the kernel took the signal.
	OK Result = iota
	// Again says that the kernel has no room for a real-time signal now (EAGAIN of
	// rt_sigqueueinfo(2), pidfd_send_signal(2)): it is tried again.
	Again
	// Gone says that the process has ended (ESRCH): Exited will follow, and the signal waits
	// until then.
	Gone
	// Refused says that the kernel will never take it (EPERM, EINVAL): it is dropped.
	Refused

	numResults = iota
)
