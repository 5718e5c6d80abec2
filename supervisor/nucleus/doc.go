// Package nucleus is supervise init before there is a Go runtime: it starts the command, forwards
// signals, reaps, and exits as the command does, all from the ELF entry point of the program.
// Most inits never need more. If one does, the runtime starts, and package pid1 goes on with
// the command that runs already. Of the full build's other subcommands package plain answers
// here what is plain. It is early, the earliest of all: see cmd/supervise/preinit.
//
// # What exists, and what does not
//
// The kernel has loaded the program and jumps to its entry point, with arguments and environment
// on the stack. Static variables are there, and are zero or what the linker has put into them. The
// code that the Go compiler makes needs no more than a stack, and to know its bounds: each function
// that is not small compares the stack pointer with two words of a g, the runtime's record of a
// goroutine. The entry point makes one of as many words as are looked at, on amd64 has
// the register FS point to where its address is found, and calls a Go function.
//
// So loops, switches, methods, slices of static memory, pointers to variables and system calls
// work as ever. What the compiler makes calls of the runtime of does not: an allocation, and with
// it append, closures and variables that escape, texts that are put together, most conversions
// to an interface; maps, channels, defer, go, panic and recover. Nor do variables that
// are initialised by code, or another goroutine. An index out of range, which would be a defect,
// ends the process.
//
// TestObject holds this, and what is called in other packages, to it. It reads the compiled
// program, on both architectures and in both builds: which functions can be reached from the
// entry point, what they call of the runtime, and how much stack they take together. TestPlanted
// plants an allocation, a map, a defer and others, and wants to see them found.
//
// Nothing else is special. The runtime does not know that anything has happened: the entry point
// puts the stack pointer back and jumps to where the runtime's own start begins, in package
// signals/intake/boot.
//
// # What is done here, and what is not
//
//	read        the arguments and the environment: pid1/cmdline
//	covers      is it something for here?                       no: the runtime starts
//	prepare     find the command, become subreaper              not possible: the runtime starts
//	launch      the terminal, vfork(2), execve(2)               not possible: the runtime starts
//	settle      the working directory, descriptors
//	loop        wait, forward, reap, exit
//	            something is to be decided: the runtime starts, and pid1 adopts the command
//
// Until launch has succeeded nothing has changed that pid1 does not do again, so that it does the
// same and can say what is wrong. From then on a signal that is to be decided about is handed on
// as pid1.Adopted.Next; later ones stay in the kernel's queue, where boot finds them. All are
// blocked from the first system call on.
//
// There is one code for what both do. How a command line is read is pid1/cmdline, which signals
// are dropped, decided about or forwarded, as what, and with which status to exit are methods of
// pid1.Options, the terminal is pid1.Terminal, the loop around the kernel's queue is signals/relay, a
// command is found by process.Find, and the child's steps run in the assembly of
// process. Decided about, which needs memory, the clock, /proc or words, is in pid1 alone: the
// stop timeout, job control, a full queue, the descendants, every message.
//
// Every other subcommand than init is package plain's, or the runtime starts at once.
//
// SUPERVISE_NUCLEUS=off in the environment has the runtime start at once.
//
// # To be extended by
//
// The keeper that a supervisor is to leave behind when it is killed waits in the same loop, for the
// end of a child that it has forked instead of executed. What differs stands in launch, and in what
// follows the end of the child; start would choose between the two.
package nucleus
