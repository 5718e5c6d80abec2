// Package intake receives every signal that is sent to the process, with its sender and
// payload, in order, as one stream that one thread reads.
//
// It is the only blocking point of a supervising loop:
//
//	in, err := intake.Start(os.Args)   // on the main goroutine, which never leaves it
//	for {
//		info, ok := in.Wait(timeout)
//		if ok {
//			handle(info) // a signal other than SIGCHLD
//			continue
//		}
//		reap()   // children may have ended,
//		work()   // another goroutine may have called Wake,
//		expire() // or the deadline may have passed
//	}
//
// It does not use os/signal, which hides sender and payload, drops signals when a channel is
// full, and lets some through to the process's default action. It is early: see
// cmd/supervise/preinit.
//
// # How it works
//
// All signals are blocked in all threads. The intake thread, to which its goroutine is
// locked, waits in rt_sigtimedwait(2), which returns one siginfo_t at a time in the kernel's
// order and leaves the others in the kernel's queue. That queue is the buffer: nothing can
// overflow here that the kernel would have kept. Deadlines are the call's timeout, and other
// goroutines interrupt it with [Intake.Wake]. So a loop needs no second thread, no pipe and
// no channel between a signal and its reaction.
//
// The Go runtime counteracts this: it unblocks eighteen signals in every thread that it
// starts. Package boot repairs that: a signal that reaches another thread is caught, stored
// and handed to the intake thread, and the other thread does not get a second one.
//
// If signals only have to be forwarded to one child, [Intake.Relay] lets the waiting code do
// that itself, without the Go scheduler.
//
// # Modes
//
// [Entry]: the program was linked with -ldflags=-E=_boot_entry, or with the entry point of
// package supervisor/nucleus, which goes on there, and blocked all signals before the Go runtime
// started; the inherited mask and ignored signals are known exactly.
// [Reexec]: it was not (go build, go run, go test); Start blocks all signals and executes the program
// again, once. What was inherited is read from the runtime's memory before. [Portable]: there is no assembly for the architecture; signals come from
// os/signal, by number only.
package intake
