// Package boot is what must happen to a supervising process before Go's own packages
// start: it keeps the signals that arrive while the Go runtime comes up, and remembers
// what the process was handed. Nobody but signals/intake uses it.
//
// Its problem is the Go runtime. Every thread that the runtime starts unblocks a set of
// signals (here [Forced]), whatever mask the process was given, and until a program has
// had its say such a signal ends the process. Three things see to it that none does:
//
//   - The ELF entry point, used when the linker is told -E=_supervise_entry. It is the
//     first code of the process. It notes the inherited mask, ignored signals and
//     descriptor limit (the runtime overwrites all three), blocks everything, and starts a
//     second thread on which the runtime then runs.
//   - The guard, which is what becomes of the first thread: it waits for the signals of
//     Forced and keeps their siginfo_t in memory. The kernel offers a signal for the
//     process to the first thread before all others (complete_signal in its signal.c), so
//     that the runtime's threads do not get to see one. When the intake thread is ready the
//     guard retires, and sleeps for ever.
//   - The catcher, a signal handler in assembly. From then on the kernel may hand a signal
//     of Forced to any thread of the runtime. The catcher keeps the siginfo_t, blocks all
//     signals in the mask that its thread returns to, so that this happens to a thread
//     once, and wakes the intake thread. What is the runtime's own (real faults, and what
//     it sends to its threads itself) goes on to the runtime's handler with the frame
//     untouched.
//
// The catcher is put in place by this package's initialisation. It imports nothing that has
// any itself, so that by the order the language prescribes (path by path, "supervise/..."
// before "sync", "syscall" and "time") it runs before nearly every other package's.
//
// Without the entry point (go run, go test) there is no guard, and the runtime's start
// remains a moment in which a signal of Forced ends the process.
package boot
