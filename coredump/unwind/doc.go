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
//     address is on top of the stack (amd64) or in the link register (arm64); so is that of an
//     innermost function that has just begun, by its instructions, or has no frame, by its
//     caller's
//  7. the frame pointer, if the address above what it points to comes after a call
//
// There is no scan of the stack for what looks like a return address: rather than guess, Stack
// stops and says why. It goes on to the very first function, past main, where gdb by default
// does not.
//
// # Go
//
// Where the runtime leaves a goroutine's stack for the thread's (systemstack, asmcgocall), the
// frame pointer leads back to the goroutine; where it does so to make the stack larger
// (morestack), the runtime's own structures do. gdb goes astray there. A call of sigpanic that
// a signal's handler has made up continues at the very instruction that was interrupted.
//
// # Limits
//
// The tables, and the memory too, may be hostile. Every loop has a limit, nothing recurses, and
// a stack that does not get nearer to its end is an error. Nothing here is right for a stack
// whose memory was overwritten: a return address that is not in code is the last frame.
//
// It is early: see cmd/supervise/preinit.
package unwind
