package trace

import "supervise/signals"

// Filter says what a backend is to record: signals that one of these processes sends or gets.
type Filter struct {
	All     bool
	PIDs    []int
	Cgroups []string // directories; what is below them belongs to them

	// Descendants adds the children that the processes fork from now on.
	Descendants bool

	Signals signals.Set // 0 is all
	Context bool        // fork, exec and exit, and kill(2) with signal 0, too
}

// Backend records. It is for one goroutine.
type Backend interface {
	// Name is "bpf", "tracefs" or "ptrace".
	Name() string

	// Limits says in a sentence what this backend does not see; "" if it sees all.
	Limits() string

	// Read hands over what was recorded, in order as far as it can, until take returns
	// false. A Record is valid until take returns. It calls take with nil when
	// there has been nothing for a while, at least ten times a second.
	Read(take func(*Record) bool) error

	// Follow adds a process to the filter.
	Follow(pid int) error

	// Traced are the processes of the filter, as it was at the beginning.
	Traced() []int

	// Drops is what was lost so far.
	Drops() Drops

	// Now is the clock of Record.Time.
	Now() uint64

	// Stop ends the recording. What was recorded can still be read: Read returns when there is
	// no more.
	Stop()

	Close() error
}
