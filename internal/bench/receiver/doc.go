// Command receiver is the command below a wrapper that signals are sent to: it records each
// one with the time of its arrival.
//
//	block all signals
//	write a record of zeros: ready
//	rt_sigtimedwait for any but SIGCHLD
//	write {siginfo_t, int64 seconds, int64 nanoseconds of CLOCK_MONOTONIC} to standard output
//
// A record is 144 bytes in the machine's byte order. The receiver ends by SIGKILL, or with
// status 1 when nobody reads its output any more.
//
// It is linked with -ldflags=-E=_receiver_entry and ends before the Go runtime would start,
// so that there is no runtime between the kernel and the clock.
package main
