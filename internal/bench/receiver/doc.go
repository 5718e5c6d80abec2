// Command receiver is the command below a wrapper to which signals are sent: it writes down
// each one with the time of its arrival.
//
//	block all signals
//	write a record of zeros: ready
//	rt_sigtimedwait for any but SIGCHLD
//	write {siginfo_t, int64 seconds, int64 nanoseconds of CLOCK_MONOTONIC} to standard output
//
// A record is 144 bytes in the byte order of the machine. The receiver ends by SIGKILL, or
// when nobody reads its output any more, with status 1.
//
// It is linked with -ldflags=-E=_receiver_entry and ends before the Go runtime would begin,
// so that no runtime stands between the kernel and the clock.
package main
