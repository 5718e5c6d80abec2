// Package trace is what a trace of signals consists of, however it was recorded: what the
// kernel tells, and what a reader wants to know.
//
//	joiner := trace.NewJoiner(boot, sink, trace.Options{})
//	joiner.Add(&record)   // for each Record of a Backend
//	joiner.Tick(now)      // now and then: what waits too long is told
//	joiner.End(backend.Name(), now, backend.Drops()) // the rest, and the counts
//
// A [Record] is one event in the kernel: a signal was generated, delivered, taken by a call
// that waits for it; a call that sends one failed; a process forked, executed a program,
// ended. A [Life] is all of one signal, from the sender to its end, with a [Verdict]. The
// [Joiner] makes lives of records and hands them to a [Sink]: a printer, a file, a page.
//
// A [Backend] records: packages bpf, tracefs and ptrace. They know different things, and so
// a field that is not known is left out or -1, never guessed.
//
// The package is pure. What the numbers mean was read in the kernel's signal.c:
// trace_signal_generate in __send_signal_locked, trace_signal_deliver in get_signal.
package trace
