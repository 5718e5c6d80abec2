//go:build linux && (amd64 || arm64)

package kernel

// Call is a system call, of which the results from -4095 to -1 are negated errnos: [Errno].
//
// It stands here, beside Wait, and is not package syscall's, as what an init has to wait for
// when it starts, and keeps in memory when it waits, are pieces of 64 KiB of the program.
//
//go:noescape
func Call(number, a1, a2, a3, a4, a5 uintptr) (result uintptr)
