// Package unwind finds the callers of a thread that has stopped: from its registers, its memory
// and the tables of its program it makes a backtrace.
//
//	regs := unwind.Registers{Machine: unwind.AMD64}
//	regs.Set(16, rip) // by DWARF's register numbers, see Registers
//	frames, err := unwind.Stack(source, regs, 256)
//
// The caller's [Source] finds the module (an ELF file or the vdso) that has an address, and
// reads memory; package unwind itself touches neither files nor processes. It has registers of
// its own, so that it does not depend on where they come from: who reads a core converts them.
//
// # How a caller is found
//
// For each frame the first of these that knows the address decides:
//
//  1. on arm64, the instructions of a signal trampoline (the vdso's tables leave it out)
//  2. .eh_frame by its header's binary search
//  3. Go's own tables, [Module.Go]
//  4. .eh_frame without a header, .debug_frame: an index is made of them when it is first needed
//  5. the instructions of a signal trampoline (rt_sigreturn)
//  6. an innermost address that cannot be executed was called through a bad pointer: the return
//     address is on top of the stack (amd64) or in the link register (arm64)
//  7. the frame pointer, if what it points to makes sense
//
// There is no scan of the stack for what looks like a return address: rather than guess, Stack
// stops and says why.
//
// The tables, and the memory too, may be hostile. Every loop has a limit, nothing recurses, and
// a stack that does not get nearer to its end is an error.
package unwind
