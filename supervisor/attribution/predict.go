package attribution

import (
	"supervise/internal/sys"
	"supervise/signals"
	"supervise/signals/predict"
	"supervise/supervisor/machine"
)

// Predict says what a signal that is about to be sent can do to a process in this state. It
// goes by the signal mask of the main thread: other threads may have another one.
func Predict(signal signals.Signal, state sys.SignalState) machine.Effect {
	pending := state.Pending | state.Shared
	main := predict.Thread{Blocked: state.Blocked, Stopped: state.Stopped}
	// For the machine it makes no difference whom a pending signal is for.
	target := predict.Target{
		Ignored: state.Ignored, Caught: state.Caught, Shared: pending, Threads: []predict.Thread{main},
		Ended: state.Ended, Dying: pending.Has(signals.SIGKILL),
	}
	will := predict.Of(predict.Sending{Signal: signal}, &target)
	fate := will.Fate
	switch {
	case !Ends(signal):
		return machine.NoEffect
	case state.Ended, state.Dumping && signal != signals.SIGKILL:
		return machine.Coalesces
	case fate == predict.Pending && will.Reason == predict.Blocked:
		return machine.Blocked
	case fate == predict.Pending:
		fate = will.Then
	}
	switch fate {
	case predict.Coalesced, predict.Discarded:
		return machine.Coalesces
	case predict.Handled, predict.Taken, predict.Unseen:
		return machine.Caught
	case predict.Terminated, predict.Dumped:
		if pending.Has(signal) { // a real-time one: both are queued, and the first one ends it
			return machine.Coalesces
		}
		return machine.Fatal
	case predict.Ignored, predict.Dropped, predict.Overflow, predict.Failed, predict.Pending, predict.Stopped, predict.Continued:
	}
	return machine.NoEffect
}

// Ends reports whether the default action of a signal ends a process: signal(7). Another one
// has [machine.NoEffect] here, whatever the state of the process.
func Ends(signal signals.Signal) bool {
	action := signal.Default()
	return action == signals.Terminate || action == signals.Core
}
