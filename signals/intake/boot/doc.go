// Package boot is what must happen to a supervising process before Go's own packages
// start: it keeps the signals that arrive while the Go runtime comes up, and remembers
// what the process was handed. Nobody but signals/intake uses it.
//
// Its problem is the Go runtime. Every thread that the runtime starts unblocks a set of
// signals (here [Forced]), whatever mask the process was given, and for a moment before
// its handlers are in place such a signal kills the process. Three things keep that
// moment small and lose nothing:
//
//   - The ELF entry point, used when the linker is told -E=_supervise_entry. It is the
//     first code of the process. It notes the inherited mask, ignored signals and
//     descriptor limit (the runtime overwrites all three), blocks everything, takes the
//     signals of Forced that were pending at exec out of the kernel, and jumps to the
//     runtime.
//   - The package's own initialisation. It imports nothing that has any, so that by the
//     order the language prescribes (path by path, "supervise/..." before "sync",
//     "syscall" and "time") it runs before nearly every other package of the program, and
//     there puts the catcher in place of the runtime's handlers.
//   - The catcher, a signal handler in assembly. Threads of the runtime have Forced
//     unblocked, so that the kernel may hand them what is meant for the intake thread.
//     The catcher keeps the whole siginfo_t in a slot, blocks all signals in the mask
//     that its thread returns to, so that this happens to a thread once, and wakes the
//     intake thread. What is the runtime's own (real faults, and what it sends to its
//     threads itself) goes on to the runtime's handler with the frame untouched.
//
// A signal of Forced can therefore still end the process between the first thread's
// start and this package's initialisation: some 100 microseconds, in which the runtime
// leaves nobody a say.
package boot
