// Package boot is what a supervising process must do before Go's own packages start: it
// stores the signals that arrive while the Go runtime starts, and remembers the inherited
// state. Only signals/intake uses it. It is early: see cmd/supervise/preinit.
//
// The problem is the Go runtime. Every thread that it starts unblocks a set of signals (here
// [Forced]), whatever mask the process inherited, and until the program takes over such a
// signal ends the process. Three things prevent that:
//
//   - The ELF entry point, used with the linker flag -E=_boot_entry, or behind that of package
//     supervisor/nucleus, which is _supervise_entry, when that goes on with the runtime. It is the
//     first code of the process. It saves the inherited mask, ignored signals and descriptor limit
//     (the runtime overwrites all three), blocks everything, stores what was pending, and
//     installs the catcher.
//   - The catcher, a signal handler in assembly for the signals of Forced, which the kernel
//     may deliver to any thread of the runtime. The catcher stores the siginfo_t in memory,
//     blocks all signals in the mask that its thread returns to, so that this happens to a
//     thread only once, and wakes the intake thread. Signals for the runtime itself (real
//     faults, and what it sends to its own threads) go on to the runtime's handler with an
//     unchanged frame.
//   - The hook into the runtime's sigaction, which keeps the runtime from replacing the
//     catcher: it only records the handlers that the runtime wants to install.
//
// A program that leaves its signals to package os/signal can have the observer, another handler,
// note how they were sent before the runtime's handler runs.
//
// The entry point also keeps the runtime from ending the process, or says in one line why it
// must: closed standard descriptors are filled in, what the runtime would write about the
// want of a thread goes through complain, and its own SIGURG is switched off ([Variables]).
//
// The kernel offers a signal for the process to its first thread before all others
// (complete_signal in its signal.c), which is the one that package intake waits in.
//
// Without the entry point (go run, go test, any build with cgo) the catcher is installed when
// the intake starts, and while the runtime starts, a signal of Forced still ends the process.
package boot
