package snapshot

import (
	"supervise/supervisor/attribution"
	"supervise/supervisor/machine"
	"supervise/supervisor/status"
)

// Known is what the loop knows of a service beside the machine's view of it.
type Known struct {
	Verdict   attribution.Verdict // who ended its last main process
	Crash     status.Crash        // what is known of its core
	Lines     string              // that it wrote before, with line feeds between them
	Unstarted status.Unstarted    // why its last start has failed
}

// Describe returns the status of a service as the loop knows it. The times of the view count
// from began, in nanoseconds since 1970.
func Describe(name string, view machine.View, known Known, began int64) status.Service {
	s := status.Service{
		Name: name, State: view.State.String(), Wanted: view.Wanted.String(), PID: int(view.PID),
		Since: began + int64(view.Since), Restarts: view.Restarts, Held: view.Held,
		Awaits: view.Awaits, Unstarted: known.Unstarted,
	}
	s.SetStopped(view.Paused)
	if view.Rung > 0 {
		s.Rung, s.Rungs = view.Rung, view.Rungs
	}
	if view.State == machine.Backoff {
		s.NextRestart = began + int64(view.NextRestart)
	}
	if view.Exited {
		s.Exited = true
		known.Verdict = known.Verdict.Crashed(known.Crash.Code, known.Crash.Address)
		s.Exit = status.Exit{Exit: view.Exit, Time: began + int64(view.ExitedAt), Cause: known.Verdict.String(), Crash: known.Crash, Lines: known.Lines}
		if by, certain := known.Verdict.Sender(); certain {
			by = by.Who()
			s.Exit.By = status.Process{PID: int(by.PID), UID: int(by.UID), Name: by.Name}
		}
	}
	return s
}
