package pid1

import (
	"supervise/signals"
	"supervise/supervisor/process"
)

// Options are what to run and how. Durations are in nanoseconds, because package time
// would have to be initialised; 0 is none.
type Options struct {
	Command []string // argv of the command; nothing is run if it is empty (see Pause)
	Parent  int      // our parent's pid, read first thing

	// Pause runs no command: orphans are reaped until SIGTERM or SIGINT comes, and the exit
	// status is 0.
	Pause bool

	Placement     process.Placement // of the command; OwnSession brings the terminal along
	Subreaper     bool              // become child subreaper, unless PID 1
	WarnNotReaper bool              // tell when orphans will not come here
	ParentDeath   signals.Signal    // to be sent to us when our parent ends, 0 for none
	KeepDirectory bool              // stay in the working directory instead of going to /, as with RestartOn
	ReadyFD       int               // gets a newline once the command runs; 0 for none

	Group     bool        // signals go to the command's whole process group
	ByKill    bool        // they are sent anew by kill(2): sender and payload are ours
	Rewrite   Rewrite     // as what each signal is handed on
	Ignore    signals.Set // signals that nothing is done about
	StopAlong bool        // SIGTSTP, SIGTTIN and SIGTTOU stop us by SIGSTOP, whatever the command does

	StopSignals signals.Set // that ask the command to end, before they are rewritten
	StopTimeout int64       // after one was handed on: SIGKILL of everything
	Drain       int64       // wait before one is handed on
	RestartOn   signals.Set // end the command and start it again

	WaitAll        bool  // stay until no descendant is left
	KillRemaining  bool  // when the command has ended: end its descendants
	Grace          int64 // between their SIGTERM and their SIGKILL
	TermGroup      bool  // when the command has ended: SIGTERM, rewritten, to its process group
	ExitZeroOnStop bool  // exit 0 when a stop signal ended the command
	ExitBySignal   bool  // die of the signal that killed the command
	Remap          Remap // of exit statuses
	ExecStatus     ExecStatus

	WarnReaped bool // tell of every orphan, and of live processes that do not reap theirs
	Log        Log
}

// Rewrite says as what each signal is handed on. The zero value changes nothing.
type Rewrite struct {
	to [signals.Max + 1]uint8 // the signal plus one; 0 for as it is
}

// Set has a signal handed on as another; as 0 it is dropped. Signals above 64 panic.
func (r *Rewrite) Set(from, to signals.Signal) { r.to[from] = uint8(to) + 1 }

// Has reports whether something was said about a signal, be it to leave it as it is.
func (r *Rewrite) Has(from signals.Signal) bool { return r.to[from] != 0 }

// Of returns as what a signal is handed on, 0 for not at all.
func (r *Rewrite) Of(s signals.Signal) signals.Signal {
	if r.to[s] == 0 {
		return s
	}
	return signals.Signal(r.to[s] - 1)
}

// All returns as what each signal is handed on.
func (r *Rewrite) All() (all [signals.Max + 1]signals.Signal) {
	for s := range all {
		all[s] = r.Of(signals.Signal(s))
	}
	return all
}

// Decided returns the signals about which more is to be decided than as what they are handed
// on: not at all, or as one that tells us something.
func (r *Rewrite) Decided() (set signals.Set) {
	for s := signals.Signal(1); s <= signals.Max; s++ {
		if to := r.Of(s); to == 0 || to != s && to == signals.SIGCONT {
			set = set.With(s)
		}
	}
	return set
}

// Changed returns the signals that are not handed on as they are.
func (r *Rewrite) Changed() (set signals.Set) {
	for s := signals.Signal(1); s <= signals.Max; s++ {
		if r.Of(s) != s {
			set = set.With(s)
		}
	}
	return set
}

// Remap replaces exit statuses. The zero value replaces none.
type Remap struct {
	to [256]uint16 // the status plus one; 0 for as it is
}

// Set has us exit with another status.
func (r *Remap) Set(from, to uint8) { r.to[from] = uint16(to) + 1 }

// Of returns what to exit with.
func (r *Remap) Of(status int) int {
	if to := r.to[status&0xff]; to != 0 {
		return int(to) - 1
	}
	return status
}

// ExecStatus is what to exit with when the command cannot be executed.
type ExecStatus struct {
	Missing int // there is no such file: ENOENT
	Denied  int // it may not be executed: EACCES
	Other   int // anything else, a failed fork among it
}
