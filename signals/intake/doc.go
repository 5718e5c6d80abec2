// Package intake receives every signal that is sent to the process, with its sender and
// payload, in order, as one stream that one thread reads.
//
// It is the only blocking point of a supervising loop:
//
//	in, err := intake.Start(os.Args)   // on the main goroutine; never to be left
//	for {
//		info, ok := in.Wait(timeout)
//		if ok {
//			handle(info)       // a signal, but for SIGCHLD
//			continue
//		}
//		reap()                     // children may have ended,
//		work()                     // somebody may have called Wake,
//		expire()                   // or the deadline may have passed
//	}
//
// It does not use os/signal, which hides sender and payload, drops signals when a channel
// is full, and lets some through to the process's default action.
//
// # How
//
// All signals are blocked in all threads. The intake thread, to which its goroutine is
// locked, sits in rt_sigtimedwait(2), which hands out one siginfo_t at a time in the
// kernel's order and leaves the others in the kernel's queue. That queue is the buffer:
// nothing can overflow here that the kernel would have taken. Deadlines are the call's
// timeout, and other goroutines get a word in by [Intake.Wake], so that a loop needs no
// second thread, no pipe and no channel between a signal and the answer to it.
//
// What the Go runtime does against that (it unblocks eighteen signals in every thread it
// starts) is mended by package boot: a signal that meets another thread is caught, kept
// and handed to the intake thread, and that thread does not meet a second one.
//
// Where a signal only has to be handed on to one child, [Intake.Relay] lets the waiting
// code do that itself, without going through the Go scheduler.
//
// # Modes
//
// [Entry]: the program was linked with -ldflags=-E=_supervise_entry and blocked all
// signals before the Go runtime started; the inherited mask and ignored signals are known
// exactly. [Reexec]: it was not (go run, go test); Start blocks everything and executes
// the program anew, once. [Portable]: an architecture for which there is no assembly;
// signals come through os/signal, by number alone.
package intake
