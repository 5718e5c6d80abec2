// Package process starts programs with exactly the given signal state, limits, identity and
// descriptors. Nothing else in the project forks.
//
//	child, err := process.Start(&process.Spec{Path: file, Argv: argv, Env: env, Files: []int{0, 1, 2}})
//	...
//	child.PID, child.PIDFD      // the caller reaps the one and closes the other
//
// A start is one vfork: the child borrows the memory of the stopped caller and works through
// a prepared list of system calls in assembly, the last of which is execve. It never touches
// the stack or the heap. No address space is copied, however large the supervisor is, and no
// Go code runs between fork and exec.
//
//	block all signals in this thread
//	clone3(VM | VFORK | PIDFD | INTO_CGROUP | CLEAR_SIGHAND)
//	    child: setsid, limits, dispositions, descriptors, ids, chdir, mask, execve
//	restore the mask; errno and the failed step are in memory
//
// The child's dispositions are those of [Spec] and nothing else: handlers are reset before
// the mask is, so that an early signal has the program's default action and never runs a
// handler of the supervisor. Where clone3 is not available (old kernels, strict seccomp
// filters) plain clone does the same, and the child joins its cgroup itself.
//
// [Begin] makes the child without stopping the caller, which then waits no longer than it
// chooses to: the kernel may hold a child for ever, on a file system that does not answer.
// [Progress] says where.
//
// It does not reap: only the loop knows when a pid may be forgotten. It does not look for
// descendants: that is package tree. It is early: see cmd/supervise/preinit.
package process
