package intake

import (
	"slices"

	"supervise/internal/sys"
	"supervise/internal/text"
	"supervise/signals"
)

// Mode is how signals come in.
type Mode uint8

// The modes, the least exact first.
const (
	Portable Mode = iota
	Reexec
	Entry
)

// String names the mode in one word.
func (m Mode) String() string {
	switch m {
	case Entry:
		return "entry"
	case Reexec:
		return "re-exec"
	default:
		return "portable"
	}
}

// Inherited is the part of the process's state that the Go runtime overwrites before
// main: what a program would hand on that does exec and nothing else.
type Inherited struct {
	Mask    signals.Set // the signal mask
	Ignored signals.Set // the signals whose disposition was SIG_IGN
	NoFile  Limit       // RLIMIT_NOFILE, which package os raises

	// Exact is false where some of it could not be known: in mode Reexec the runtime
	// has already replaced most ignored dispositions, and in mode Portable part of the
	// mask too.
	Exact bool
}

// Limit is a soft and a hard resource limit.
type Limit struct{ Soft, Hard uint64 }

// Forever is the timeout of a Wait that ends only by a signal, a child or a Wake.
const Forever int64 = -1

// taken is the set that is waited for: every signal that can be.
const taken = signals.Full &^ (1<<(signals.SIGKILL-1) | 1<<(signals.SIGSTOP-1))

// readArguments reads the program's arguments from /proc.
func readArguments() []string {
	all, err := sys.ReadFile("/proc/self/cmdline")
	if err != nil || all == "" {
		return nil
	}
	all = all[:len(all)-1] // the last one's end
	return slices.Collect(text.Split(all, 0))
}
