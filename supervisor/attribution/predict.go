package attribution

import (
	"supervise/internal/sys"
	"supervise/signals"
	"supervise/supervisor/machine"
)

// Predict says what a signal that is about to be sent can do to a process in this state. It
// goes by the signal mask of the main thread: other threads may have another one.
func Predict(signal signals.Signal, state sys.SignalState) machine.Effect {
	pending := state.Pending | state.Shared
	switch {
	case !Ends(signal):
		return machine.NoEffect
	case state.Ended, state.Dumping && signal != signals.SIGKILL, pending.Has(signals.SIGKILL), pending.Has(signal) && !signal.RealTime():
		return machine.Coalesces
	case signal == signals.SIGKILL:
		return machine.Fatal
	case state.Blocked.Has(signal):
		return machine.Blocked
	case state.Caught.Has(signal):
		return machine.Caught
	case state.Ignored.Has(signal):
		return machine.NoEffect
	case pending.Has(signal): // a real-time one: both are queued, and the first one ends it
		return machine.Coalesces
	}
	return machine.Fatal
}

// Ends reports whether the default action of a signal ends a process: signal(7). Another one
// has [machine.NoEffect] here, whatever the state of the process.
func Ends(signal signals.Signal) bool {
	action := signal.Default()
	return action == signals.Terminate || action == signals.Core
}
