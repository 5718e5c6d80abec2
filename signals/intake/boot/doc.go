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
//     descriptor limit (the runtime overwrites all three), blocks everything, keeps what
//     was pending, and puts the catcher in place.
//   - The catcher, a signal handler in assembly for the signals of Forced, which the kernel
//     may hand to any thread of the runtime. The catcher keeps the siginfo_t in memory,
//     blocks all signals in the mask that its thread returns to, so that this happens to a
//     thread once, and wakes the intake thread. What is the runtime's own (real faults, and
//     what it sends to its threads itself) goes on to the runtime's handler with the frame
//     untouched.
//   - The hook into the runtime's sigaction, which keeps it from replacing the catcher:
//     what it would install is noted instead.
//
// The kernel offers a signal for the process to its first thread before all others
// (complete_signal in its signal.c), which is the one that package intake waits in.
//
// Without the entry point (go run, go test, any build with cgo) the catcher takes its place
// when the intake starts, and the runtime's start remains a moment in which a signal of
// Forced ends the process.
package boot
