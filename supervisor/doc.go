// Package supervisor is supervise run: any number of services, until told to stop.
//
// One goroutine, on one thread, owns all state and does all of it:
//
//	for !finished {
//	    info, ok := kernel.Wait(until the machine's or a client's deadline)
//	    ok       -> a Signal event
//	    not ok   -> reap every child that has ended; run what others have posted; answer calls
//	    deadline -> a Tick event
//	    each event -> machine.Step -> journal -> actions, carried out -> their results, as events
//	    publish: snapshots and board, followers, clients whose condition is met
//	}
//
// The machine decides (package machine). How a thing is done is the business of package host,
// behind the interfaces of package kernel, so that internal/sim runs this loop in a simulated
// world. What is left here is the wiring.
//
// Spawning and reaping happen on the loop, so that "the child was gone before we knew it"
// cannot happen. Nothing here waits for a client, a child's output or a slow reader. What does
// wait for a disk is execve, and the reading of an environment file, both part of a start. No
// error ends the loop: it goes on with less, and the log says so.
//
// # What runs beside the loop
//
//   - a thread that receives signals: package intake
//   - goroutines that read pipes and write logs: package logs
//   - one that serves FIFOs and queues, and answers ping and status: packages control, snapshot
//   - one that writes the journal to disk: package journal/disk
//   - one for each piece of work that may wait (Kernel.Beside): reading a configuration,
//     looking for the OOM killer
//   - what takes cores, if that is configured: package coredump/collector
//   - helpers of a start, for which the loop waits: package host
//
// They hand their results to the loop as functions (Kernel.Posted) or calls (Commands.Take),
// and wake it. Nothing of the loop has a lock.
//
// # The files
//
//	supervisor.go  the Supervisor, and its life from New to Close
//	loop.go        one iteration
//	dispatch.go    an event to the machine, and its results after it
//	actions.go     one case for each kind of action
//	spawn.go       Spawn and GiveUpStart: starts, and what comes of them
//	send.go        Send, Deliver, Kill and Inspect: what concerns signals
//	hooks.go       RunHook: programs that run because of a signal
//	update.go      Load, and the command update: another configuration
//	reap.go        children that have ended
//	orphans.go     those that are nobody's
//	oom.go         was it the OOM killer?
//	dumps.go       processes that crash, and whose cores are being written
//	services.go    what the loop keeps of a service, and its status
//	requests.go    what clients ask for
//	publish.go     what clients are shown
//	recorded.go    who sends signals to services, as far as the kernel tells us
//	record.go      entries of the journal, beside those of events
//	open.go        Run: the loop on the real system, with runtime directory, board and control
//	directory.go   the runtime directory, if somebody removes it
//	close.go       the end
package supervisor
