// Package elfcore reads the ELF core files of Linux, of amd64 and arm64: what the kernel
// writes, what gdb's gcore writes, and the small cores of package mini.
//
//	core, err := elfcore.Open(file, size)
//	thread := core.Notes.Threads[0] // the one that crashed
//	n, err := core.ReadMemory(stack, thread.Registers.SP())
//
// [ReadHead] reads from a stream, such as the kernel's coredump socket, all that stands before
// the memory. The kernel writes the notes there; a core that has them behind the memory needs
// [Open].
//
// A core comes from a process that may be hostile, and may be cut short anywhere. So nothing
// is believed: memory is only allocated for bytes that are there, counts are capped, and what
// is damaged is left out and said in Head.Problems where the rest is still worth something.
//
// The layout is that of elf(5), and of the kernel's fs/binfmt_elf.c, linux/elfcore.h and
// uapi/linux/elf.h.
//
// It is early: see cmd/supervise/preinit.
package elfcore
