package pid1

import (
	"supervise/signals"
	"supervise/supervisor/process"
)

// Options say what to run and how. Durations are in nanoseconds, as package time may not be
// used; 0 is none.
type Options struct {
	Command []string // argv of the command; may be empty only with Pause
	Parent  int      // our parent's pid, read as early as possible

	// Pause runs no command: orphans are reaped until SIGTERM or SIGINT comes, and the exit
	// status is 0.
	Pause bool

	Placement     process.Placement // of the command; OwnSession includes the terminal
	Subreaper     bool              // become child subreaper, unless PID 1
	WarnNotReaper bool              // warn if orphans will not come here
	ParentDeath   signals.Signal    // sent to us when our parent ends, 0 for none
	KeepDirectory bool              // stay in the working directory instead of changing to /, as with RestartOn
	CoreLimit     CoreLimit         // of the command
	CoreFilter    CoreFilter        // of the command
	ReadyFD       int               // gets a newline once the command runs; 0 for none

	Group     bool        // signals go to the command's whole process group
	ByKill    bool        // signals are sent by kill(2): sender and payload are lost
	Rewrite   Rewrite     // the signal that each one is forwarded as
	Ignore    signals.Set // signals to ignore
	StopAlong bool        // SIGTSTP, SIGTTIN and SIGTTOU stop us by SIGSTOP, whatever the command does

	StopSignals signals.Set // ask the command to end; before rewriting
	StopTimeout int64       // after one was forwarded: SIGKILL of everything
	Drain       int64       // wait before one is forwarded
	RestartOn   signals.Set // end the command and start it again

	WaitAll        bool  // stay until no descendant is left
	KillRemaining  bool  // end the command's descendants when it has ended
	Grace          int64 // between their SIGTERM and their SIGKILL
	TermGroup      bool  // send SIGTERM, rewritten, to the command's process group when it has ended
	ExitZeroOnStop bool  // exit 0 if a stop signal ended the command
	ExitBySignal   bool  // die of the signal that killed the command
	Remap          Remap // of exit statuses
	ExecStatus     ExecStatus

	Recorder   bool // the last line says who killed the command, where the kernel lets us know
	WarnReaped bool // warn about every orphan, and about processes that do not reap their children
	Log        Log
}

// Rewrite maps each signal to the one that it is forwarded as. The zero value changes
// nothing.
type Rewrite struct {
	to [signals.Max + 1]uint8 // the signal plus one; 0 for unchanged
}

// Set forwards a signal as another one, or with 0 drops it. Signals above 64 panic.
func (r *Rewrite) Set(from, to signals.Signal) { r.to[from] = uint8(to) + 1 }

// Has reports whether Set was called for a signal.
func (r *Rewrite) Has(from signals.Signal) bool { return r.to[from] != 0 }

// Of returns what a signal is forwarded as, 0 if it is dropped.
func (r *Rewrite) Of(s signals.Signal) signals.Signal {
	if r.to[s] == 0 {
		return s
	}
	return signals.Signal(r.to[s] - 1)
}

// Decided returns the signals that cannot simply be forwarded: those that are dropped, and
// those that become SIGCONT, which concerns us.
func (r *Rewrite) Decided() (set signals.Set) {
	for s := signals.Signal(1); s <= signals.Max; s++ {
		if to := r.Of(s); to == 0 || to != s && to == signals.SIGCONT {
			set = set.With(s)
		}
	}
	return set
}

// Changed returns the signals that are not forwarded unchanged.
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
	to [256]uint16 // the status plus one; 0 for unchanged
}

// Set makes us exit with another status.
func (r *Remap) Set(from, to uint8) { r.to[from] = uint16(to) + 1 }

// Of returns the status to exit with.
func (r *Remap) Of(status int) int {
	if to := r.to[status&0xff]; to != 0 {
		return int(to) - 1
	}
	return status
}

// ExecStatus is the status to exit with if the command cannot be executed.
type ExecStatus struct {
	Missing int // it does not exist: ENOENT
	Denied  int // it may not be executed: EACCES
	Other   int // anything else, including a failed fork
}
