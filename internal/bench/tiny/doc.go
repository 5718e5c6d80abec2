// Command tiny is the smallest service there is: it says that it runs, and sleeps until a
// signal ends it.
//
//	read CLOCK_MONOTONIC
//	open the FIFO named by the first argument, if that is an absolute path, else ../announce
//	write {int64 seconds, int64 nanoseconds, int64 pid}, in the byte order of the machine
//	sleep; the FIFO stays open, so that its reader sees the end of the last one
//
// It is linked with -ldflags=-E=_tiny_entry and ends before the Go runtime would begin,
// so that what is measured is the supervisor's work and not the service's. It exits with
// status 1 when the FIFO cannot be opened. Any other argument is ignored: s6-supervise gives
// the name of the service.
package main
