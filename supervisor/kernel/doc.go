// Package kernel says what the supervisor's loop asks of the operating system, as two
// interfaces: [Kernel], the system as a whole, and [Service], one service on it.
//
// The loop decides nothing and the machine knows no system, so that this is the whole seam
// between the two: whoever implements it can run the real loop. Package host does so with
// signals, processes and files; internal/sim with nothing but random numbers.
//
//	for !finished {
//	    info, ok := kernel.Wait(until the machine's deadline)
//	    signal      -> event
//	    no signal   -> kernel.Reap() until there is none -> events; kernel.Posted()
//	    each action -> kernel.Start, Service.Signal, Service.Deliver, ...
//	}
//
// Everything here is called by the loop's goroutine and returns at once, but for what says
// otherwise. Work that may wait is handed to [Kernel.Beside], and its result comes back
// through [Kernel.Posted].
package kernel
