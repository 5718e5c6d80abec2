// Package signals is the vocabulary of everything else here: what a signal is
// called, what a set of signals is, and what the kernel tells about one that
// arrived.
//
// A [Signal] is a number from 1 to 64, a [Set] the kernel's 64-bit sigset_t, an
// [Info] the part of siginfo_t that says who sent a signal, how, and with which
// payload, in a form that can be handed on to another process unchanged.
//
// The package knows no process, makes no system call and keeps no state. Signals
// are received by signals/intake and sent by signals/send.
//
// It stands on the path of supervise init, whose start-up must not pay for fmt, os
// or reflect: the lattice test keeps them out.
//
// Numbers are those of Linux on amd64, arm64 and every other architecture but
// alpha, mips, parisc and sparc, which this project does not serve: signal(7),
// "Signal numbering for standard signals".
package signals
