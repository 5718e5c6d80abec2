// Package crashes keeps what the loop knows of processes that have crashed, and whose cores are
// taken.
//
// What is told of a crash ([kernel.Crash]) comes at any time: before the main process is reaped,
// and when the next one has run for long. The journal has it in its place all the same: below the
// end of the main process, if it was that one, why and where it crashed; and below that, if it
// was not known yet, what has become of the core.
//
//	var c crashes.Crashes               // of one service
//	c.Take(crash, main, log)            // told now, or when main has ended
//	c.Ended(main, exit.Signal, step)    // it has been reaped, or goes on without us
//	c.TellHeld(log)                     // the journal has its end
//	c.Last()                            // for the status
//
// A main process whose core is being written may be left to the kernel, so that its service goes
// on without it: [Remnants] are those. [Dumping] finds all for which a SIGKILL has to wait.
//
// It does nothing itself, and belongs to one goroutine, the supervisor's loop.
package crashes
