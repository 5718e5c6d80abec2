// Package kernel says what the supervisor's loop asks of the operating system, as two
// interfaces: [Kernel], the system as a whole, and [Service], one service on it.
//
// The loop decides nothing and the machine knows no system, so these interfaces are all that
// it takes to run the real loop. Package host implements them with signals, processes and
// files, internal/sim with nothing but random numbers.
//
//	for !finished {
//	    info, ok := kernel.Wait(until the machine's deadline)
//	    signal      -> event
//	    no signal   -> kernel.Reap() until there is none -> events; kernel.Posted()
//	    each action -> kernel.Start, Service.Signal, Service.Deliver, ...
//	}
//
// All methods are called on the loop's goroutine and return at once, unless they say
// otherwise. Work that may wait is handed to [Kernel.Beside], and its result comes back
// through [Kernel.Posted].
package kernel
