package attribution

import (
	"testing"

	"supervise/internal/sys"
	"supervise/signals"
	"supervise/supervisor/machine"
)

func TestPredict(t *testing.T) {
	usr2, rt := signals.SIGUSR2, signals.SIGRTMIN
	for name, test := range map[string]struct {
		signal signals.Signal
		state  sys.SignalState
		want   machine.Effect
	}{
		"default action":                {usr2, sys.SignalState{}, machine.Fatal},
		"default action, core":          {signals.SIGABRT, sys.SignalState{}, machine.Fatal},
		"real time":                     {rt, sys.SignalState{}, machine.Fatal},
		"another is caught":             {usr2, sys.SignalState{Caught: signals.SetOf(signals.SIGUSR1)}, machine.Fatal},
		"caught":                        {usr2, sys.SignalState{Caught: signals.SetOf(usr2)}, machine.Caught},
		"ignored":                       {usr2, sys.SignalState{Ignored: signals.SetOf(usr2)}, machine.NoEffect},
		"blocked":                       {usr2, sys.SignalState{Blocked: signals.SetOf(usr2)}, machine.Blocked},
		"blocked and caught":            {usr2, sys.SignalState{Blocked: signals.SetOf(usr2), Caught: signals.SetOf(usr2)}, machine.Blocked},
		"pending":                       {usr2, sys.SignalState{Blocked: signals.SetOf(usr2), Shared: signals.SetOf(usr2)}, machine.Coalesces},
		"pending, real time":            {rt, sys.SignalState{Blocked: signals.SetOf(rt), Shared: signals.SetOf(rt)}, machine.Blocked},
		"pending, real time, stopped":   {rt, sys.SignalState{Stopped: true, Shared: signals.SetOf(rt)}, machine.Coalesces},
		"ignored by default":            {signals.SIGWINCH, sys.SignalState{}, machine.NoEffect},
		"ignored by default, caught":    {signals.SIGWINCH, sys.SignalState{Caught: signals.SetOf(signals.SIGWINCH)}, machine.NoEffect},
		"stops":                         {signals.SIGSTOP, sys.SignalState{}, machine.NoEffect},
		"KILL":                          {signals.SIGKILL, sys.SignalState{}, machine.Fatal},
		"KILL, and one was there":       {signals.SIGKILL, sys.SignalState{Shared: signals.SetOf(signals.SIGKILL)}, machine.Coalesces},
		"it is about to end by another": {usr2, sys.SignalState{Pending: signals.SetOf(signals.SIGKILL)}, machine.Coalesces},
		"it has ended":                  {signals.SIGKILL, sys.SignalState{Ended: true}, machine.Coalesces},
	} {
		if got := Predict(test.signal, test.state); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}
