// Package signals is the vocabulary of the project: the names of signals, sets of signals,
// and what the kernel says about one that arrived.
//
//	s, err := signals.Parse("term")                         // SIGTERM
//	set := signals.SetOf(signals.SIGHUP, signals.SIGTERM)
//	info := signals.Decode(&raw)                            // who sent it, how, with which payload
//	forward := info.Forwardable()                           // as one process may pass it to another
//
// A [Signal] is a number from 1 to 64, a [Set] the kernel's 64-bit sigset_t, and an [Info]
// the part of siginfo_t that says who sent a signal, how, and with which payload, such that
// it can be passed on to another process unchanged.
//
// The package knows no process, makes no system call and keeps no state. Package intake
// receives signals, package send sends them. It is early: see cmd/supervise/preinit.
//
// Numbers are those of Linux on amd64, arm64 and every other architecture except alpha, mips,
// parisc and sparc, which this project does not support: signal(7), "Signal numbering for
// standard signals".
package signals
