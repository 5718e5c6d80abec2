// Package threads makes the Go runtime create every thread that a supervisor may ever need before
// it starts the first service. Later clone may fail (pids.max of the cgroup, RLIMIT_NPROC). The
// runtime then exits ("failed to create new OS thread"), just when a supervisor must go on. Idle
// threads are never given back. If there is no room for them, nothing has been started yet, and
// package boot says so in one line.
//
// To make the threads takes longer than everything else before the first service together. So they
// are made beside that, from the beginning: the package is early, see cmd/supervise/preinit.
package threads
