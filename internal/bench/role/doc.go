// Package role has the processes of the comparison that must be separate programs: the bench
// program becomes one when it is executed with "role NAME".
//
//	enter     becomes PID 1 of a PID namespace with its own /proc, and executes a wrapper
//	bulky     is a service with much memory
//	talk      is a service that writes lines, for the comparison of logs
//	orphans   makes zombies and orphans below a wrapper, and times how they are reaped
//
// Their protocol uses standard input and output: one line per request, and one per answer.
//
// Whatever must be as fast as the kernel itself is not here, because of the Go runtime: see
// internal/bench/tiny and internal/bench/receiver.
package role
