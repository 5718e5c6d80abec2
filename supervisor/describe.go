package supervisor

import (
	"os"
	"strconv"

	"supervise/internal/sys"
	"supervise/supervisor/control/request"
	"supervise/supervisor/machine"
)

// self says who we are.
func (s *Supervisor) self() *request.Supervisor {
	return &request.Supervisor{
		PID: os.Getpid(), Version: s.version, Since: s.began, File: s.file.Path, Stopping: s.machine.ShuttingDown(),
	}
}

// describe is the state of a service as the loop knows it.
func (s *Supervisor) describe(service *service) request.Service {
	view := s.machine.View(service.id)
	status := request.Service{
		Name: service.name(), State: view.State.String(), Wanted: view.Wanted.String(),
		PID: int(view.PID), Ready: view.State == machine.Running, Since: s.wall(view.Since),
		Restarts: view.Restarts, Held: view.Held,
	}
	if view.Rung > 0 {
		status.Rung, status.Rungs = view.Rung, view.Rungs
	}
	if view.State == machine.Backoff {
		status.NextRestart = s.wall(view.NextRestart)
	}
	if view.Exited {
		status.Exit = &request.Exit{
			Code: view.Exit.Code, Signal: view.Exit.Signal, Core: view.Exit.Core, Time: s.wall(view.ExitedAt),
			By: service.killer, Text: view.Exit.String() + service.blamed,
		}
	}
	return status
}

// seen adds what /proc says of the main process.
func seen(status request.Service, state sys.SignalState) request.Service {
	status.SigQ = &request.SigQ{Used: state.Queued, Limit: state.Limit}
	if state.Stopped && status.State == machine.Running.String() {
		status.State, status.Ready = paused, false
	}
	return status
}

// paused is the state of a service whose main process is stopped by a signal.
const paused = "paused"

// status is [Supervisor.describe] with what /proc says now, for an answer that the loop
// gives: until it reaps, nobody else gets the pid.
func (s *Supervisor) status(service *service) request.Service {
	status := s.describe(service)
	if state, ok := see(service); ok {
		status = seen(status, state)
	}
	return status
}

// see looks at the main process of a service; ok is false when there is none.
func see(service *service) (state sys.SignalState, ok bool) {
	if service.pid == 0 {
		return state, false
	}
	state, err := sys.ReadSignalState(strconv.Itoa(service.pid))
	return state, err == nil
}
