// Package process starts programs with exactly the signal state, limits, identity and
// descriptors that were asked for. Nobody else in the project forks.
//
// A start is one vfork: the child borrows the memory of the stopped caller, works off a
// prepared list of raw system calls in assembly, the last of which is execve, and never
// touches the stack or the heap. No copy of the address space is made, however large the
// supervisor is, and no Go code runs between fork and exec.
//
//	block all signals in this thread
//	clone3(VM | VFORK | PIDFD | INTO_CGROUP)
//	    child: setsid, limits, dispositions, descriptors, ids, chdir, mask, execve
//	restore the mask; errno and the failed step lie in memory
//
// The child's dispositions are those of [Spec] and nothing else: handlers are reset
// before the mask is, so that a signal that comes early meets the program's own default,
// and never a handler of the supervisor. Where clone3 is not to be had (old kernels,
// strict seccomp filters) plain clone does the same, and the child joins its cgroup itself.
//
// It does not reap: that is the loop's, by internal/sys.Reap, as only the loop knows when
// a pid may be forgotten. It does not look for descendants: supervisor/process/tree does.
package process
