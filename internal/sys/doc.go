// Package sys has the system calls that package syscall lacks or wraps too thickly, as thin
// typed functions: each is one call, returns plain syscall.Errno values, and names its man
// page and the first kernel that has it.
//
// It decides nothing. Its only state is which calls the kernel refuses: see [Feature]. Code
// that only supervise run needs may use golang.org/x/sys/unix instead. This package is early:
// see cmd/supervise/preinit.
package sys
