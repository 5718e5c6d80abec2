// Package mini makes small cores: of the memory, only what tells where each thread is and how
// it came there. One of a process with 700 MB takes milliseconds and a few hundred KB, and
// opens in gdb like a full one.
//
//	head, err := elfcore.ReadHead(connection)
//	memory, err := os.Open("/proc/PID/mem")
//	mini.Name(head, pid)
//	small := mini.Copy(head, memory, mini.Options{})
//	// From here on the process is not needed.
//	_, err = small.WriteTo(file)
//
// Kept is, until there is enough, in this order:
//
//   - of each thread the stack, from the red zone below the stack pointer up, that of the
//     crashed one first; likewise the stacks that a signal handler on a stack of its own has
//     interrupted, and those of the goroutines that Go's threads were running
//   - the dynamic linker's list of the shared libraries, without which gdb finds no symbols
//   - the vdso, for its unwind information
//   - what the registers of the crashed thread point at, and the surroundings of the address
//     that it faulted at
//   - the thread descriptors
//   - the first page of each mapped file, with its build id
//   - small segments, such as the variables of a program
//
// All segments stand in the program headers, also those without memory in the core. Memory that
// the process did not want dumped (coredump_filter, MADV_DONTDUMP) is not taken either.
package mini
