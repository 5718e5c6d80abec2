// Package supervisor is supervise run: any number of services, until told to stop.
//
// One goroutine, on one thread, owns all state and does all of it:
//
//	for !finished {
//	    signal := intake.Wait(until the machine's deadline)
//	    signal       -> event to the machine
//	    no signal    -> reap every child that has ended; do what others have posted
//	    deadline     -> Tick
//	    each event   -> machine.Step -> actions -> carried out here -> their results, as events
//	}
//
// Decisions are package machine's; how a thing is done belongs to the adapters (process,
// process/tree, logs, signals/send). This package is the wiring between them, and what
// tells: every note of the machine becomes a line of the log.
//
// Spawning and reaping happen on the loop, so that "the child was gone before we knew it"
// cannot be expressed. Nothing here waits for a client, a child's output or a slow reader.
// What does wait for a disk is execve, and the reading of an environment file, both part
// of a start. No error ends the loop: it degrades and tells.
package supervisor
