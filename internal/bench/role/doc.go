// Package role holds the processes that the comparison needs and that have to be programs
// of their own: the bench program plays them when it is executed with "role NAME".
//
//	enter     becomes PID 1 of a PID namespace with its own /proc, and executes a wrapper
//	orphans   makes zombies and orphans below a wrapper, and times how they are reaped
//
// They talk over standard input and output, one line a request and one an answer.
//
// What has to be as fast as the kernel itself is not here, because the Go runtime stands
// in between: that is internal/bench/tiny and internal/bench/receiver.
package role
