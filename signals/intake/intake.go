package intake

import (
	"slices"
	"strconv"

	"supervise/internal/sys"
	"supervise/internal/text"
	"supervise/signals"
)

// Mode is how the process receives signals.
type Mode uint8

// The modes, the least exact first.
const (
	Portable Mode = iota
	Reexec
	Entry
)

// String returns the mode in one word.
func (m Mode) String() string {
	switch m {
	case Entry:
		return "entry"
	case Reexec:
		return "re-exec"
	case Portable:
		return "portable"
	}
	return "Mode(" + strconv.Itoa(int(m)) + ")"
}

// Inherited is the part of the inherited process state that the Go runtime overwrites before
// main: what a program that only calls exec would pass on.
type Inherited struct {
	Mask    signals.Set // the signal mask
	Ignored signals.Set // the signals whose disposition was SIG_IGN
	NoFile  Limit       // RLIMIT_NOFILE, which package os raises

	// Exact is false if some of it could not be known: in mode Portable, and in mode Reexec if
	// the program has no symbol table, in which the runtime's own record of it is found.
	Exact bool
}

// Limit is a soft and a hard resource limit.
type Limit struct{ Soft, Hard uint64 }

// Forever is the timeout of a Wait that ends only with a signal, a child or a Wake.
const Forever int64 = -1

// catchable is the set that Wait waits for: every signal that can be caught.
const catchable = signals.Full &^ (1<<(signals.SIGKILL-1) | 1<<(signals.SIGSTOP-1))

// readArguments reads the program's arguments from /proc.
func readArguments() []string {
	all, err := sys.ReadFile("/proc/self/cmdline")
	if err != nil || all == "" {
		return nil
	}
	all = all[:len(all)-1] // the final zero byte
	return slices.Collect(text.Split(all, 0))
}
