// Package nucleus is supervise init before there is a Go runtime: it starts the command, forwards
// signals, reaps, and exits as the command does, all from the ELF entry point of the program.
// Most inits never need more. If one does, the runtime starts, and package pid1 goes on with
// the command that runs already. It is early, the earliest of all: see cmd/supervise/preinit.
//
// In the full build, plain commands such as supervise status are answered from here as well, by
// package plain. For every other subcommand the runtime starts at once, and for all of them with
// SUPERVISE_NUCLEUS=off in the environment.
//
// # What exists, and what does not
//
// The kernel has loaded the program and jumps to its entry point, with arguments and environment
// on the stack. Static variables are there, and are zero or what the linker has put into them. The
// code that the Go compiler makes needs no more than a stack, and to know its bounds: each function
// that is not small compares the stack pointer with two words of a g, the runtime's record of a
// goroutine. The entry point makes a g of as many words as are looked at, on amd64 points the
// register FS to where its address is found, and calls a Go function.
//
// So loops, switches, methods, slices of static memory, pointers to variables and system calls
// work as ever. What the compiler turns into calls of the runtime does not: allocations, and with
// them append, closures and variables that escape, concatenated strings, and most conversions to
// an interface; maps, channels, defer, go, panic and recover. There are no variables that are
// initialised by code either. An index out of range, which would be a bug, ends the process.
//
// TestObject checks that, also of what is called in other packages. It reads the compiled
// program, for both architectures and of both builds: which functions can be reached from the
// entry point, what they call of the runtime, and how much stack they need together. TestPlanted
// plants an allocation, a map, a defer and others, and expects each to be found.
//
// What takes time here is memory, not what is done: each piece of 64 KiB of the program that is
// touched is a page fault, of 4 to 7 microseconds. So what every start does reads no tables and no
// strings. A comparison with a constant of up to 16 bytes has it within the code. Nor does it store
// pointers in static memory, before which the compiler has to look whether the garbage collector
// runs. The file arrange.go of cmd/supervise is why code that is used lies together.
//
// Nothing else is special. The runtime does not know that anything has happened: the entry point
// puts the stack pointer back and jumps to where the runtime's own start begins, in package
// signals/intake/boot.
//
// # What is done here, and what is not
//
//	read        the arguments and the environment: pid1/cmdline
//	covers      can it be done here?                            if not: the runtime starts
//	prepare     find the command, become subreaper              if it fails: the runtime starts
//	launch      the terminal, vfork(2), execve(2)               if it fails: the runtime starts
//	settle      the working directory, descriptors
//	loop        wait, forward, reap, exit
//	            something is to be decided: the runtime starts, and pid1 adopts the command
//	goOn        instead, if the runtime cannot start any more, for want of threads or memory
//
// All that was done before launch has succeeded, pid1 does again, so that it has the same outcome and
// can say what is wrong. After that, a signal that something is to be decided about is handed on
// as pid1.Adopted.Next; later ones stay in the kernel's queue, where boot finds them. All are
// blocked from the first system call on.
//
// What both do is shared code. A command line is read by pid1/cmdline; methods of pid1.Options
// say which signals are dropped, decided about or forwarded, as what, and with which status to
// exit; the terminal is pid1.Terminal, the loop around the kernel's queue is signals/relay, a
// command is found by process.Find, and the child's steps run in the assembly of process.
// Decisions, which need memory, the clock, /proc or messages, are taken in pid1 alone: the stop
// timeout, job control, the descendants, and a queue that is full. Only goOn has to keep signals
// for a full queue itself, up to a fixed number.
//
// # To be extended by
//
// A process that outlives a supervisor that is killed, and keeps its services, could wait in the
// same loop, for the end of a child that it has forked instead of executed. What differs is in launch,
// and in what follows the end of the child; start would choose between the two.
package nucleus
