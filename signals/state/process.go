package state

import "supervise/signals"

// Process is the state of a process's signals.
type Process struct {
	PID     int
	Started uint64   // clock ticks after boot: with PID it identifies one process for good
	Command []string // its arguments; nil for a kernel thread, a zombie, or when it cannot be read
	NoExec  bool     // it has not executed a program since it was forked

	// Status is that of the main thread, which has what all threads share: Shared, Ignored,
	// Caught, Queued, Limit.
	Status

	Threads []Thread // the main one first, if it lives, then by tid

	// Descriptors are those of signalfd(2), by number. They are nil if this user may not see
	// them: HiddenFiles.
	Descriptors []Descriptor
	HiddenFiles bool
}

// Thread is one thread of a process.
type Thread struct {
	TID     int
	Comm    string
	State   byte
	Pending signals.Set // for this thread alone
	Blocked signals.Set

	// Waiting is what it waits for in sigwait(3), which is not in Blocked meanwhile. It is
	// empty if this user may not see it.
	Waiting signals.Set
}

// Descriptor is a descriptor of signalfd(2): signals that are blocked are read from it.
type Descriptor struct {
	FD  int
	Set signals.Set
}

// Disposition is what a process has decided about a signal: signal(7).
type Disposition uint8

// The dispositions.
const (
	Default Disposition = iota
	Ignored
	Caught
)

// String returns default, ignored or caught.
func (d Disposition) String() string { return [...]string{"default", "ignored", "caught"}[d] }

// Disposition returns what the process has decided about a signal.
func (p *Process) Disposition(s signals.Signal) Disposition {
	switch {
	case p.Caught.Has(s):
		return Caught
	case p.Ignored.Has(s):
		return Ignored
	}
	return Default
}

// Blocking returns the threads that block a signal.
func (p *Process) Blocking(s signals.Signal) (tids []int) {
	for i := range p.Threads {
		if p.Threads[i].Blocked.Has(s) {
			tids = append(tids, p.Threads[i].TID)
		}
	}
	return tids
}

// Pending returns the threads that a signal is pending for, each alone; beside these it may be
// pending for the process: Shared.
func (p *Process) Pending(s signals.Signal) (tids []int) {
	for i := range p.Threads {
		if p.Threads[i].Pending.Has(s) {
			tids = append(tids, p.Threads[i].TID)
		}
	}
	return tids
}

// AllPending are the signals that are pending for the process or any of its threads.
func (p *Process) AllPending() signals.Set {
	all := p.Shared
	for i := range p.Threads {
		all |= p.Threads[i].Pending
	}
	return all
}

// AllBlocked are the signals that every thread blocks, so that they wait, whoever gets them.
func (p *Process) AllBlocked() signals.Set {
	all := signals.Full
	for i := range p.Threads {
		all &= p.Threads[i].Blocked
	}
	if len(p.Threads) == 0 {
		return 0
	}
	return all
}

// Taken are the signals that the process takes without a handler: those that a thread waits
// for in sigwait(3), and those that a signalfd(2) has.
func (p *Process) Taken() (taken signals.Set) {
	for i := range p.Threads {
		taken |= p.Threads[i].Waiting
	}
	for _, d := range p.Descriptors {
		taken |= d.Set
	}
	return taken
}

// Init reports whether the process is PID 1 of a PID namespace: what it has no handler for
// has no effect when it comes from within, and only KILL and STOP do from outside:
// pid_namespaces(7).
func (p *Process) Init() bool { return p.Inner == 1 }

// Alive reports whether the process has a thread that lives.
func (p *Process) Alive() bool { return len(p.Threads) > 0 }

// Stopped reports whether all threads are stopped by a signal, until SIGCONT.
func (p *Process) Stopped() bool {
	for i := range p.Threads {
		if p.Threads[i].State != 'T' {
			return false
		}
	}
	return p.Alive()
}
