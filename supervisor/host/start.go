package host

import (
	"runtime"
	"sync"
	"sync/atomic"

	"supervise/config"
	"supervise/signals"
	"supervise/signals/send"
	"supervise/supervisor/kernel"
	"supervise/supervisor/launch"
)

// Start starts several services at once, on as many threads as may run Go code, which
// [BeginBulkStart] doubles: each start waits until the kernel has loaded a program.
func (h *Host) Start(starts []kernel.Start) []kernel.Started {
	made := make([]kernel.Started, len(starts))
	var next atomic.Int64
	work := func() {
		for i := next.Add(1) - 1; i < int64(len(starts)); i = next.Add(1) - 1 {
			made[i].PID, made[i].Err = starts[i].Service.(*service).start()
		}
	}
	var helpers sync.WaitGroup
	for range min(len(starts), runtime.GOMAXPROCS(0)) - 1 {
		helpers.Go(work)
	}
	work()
	helpers.Wait()
	for i := range made {
		if made[i].Err != nil {
			made[i].Temporary = launch.Temporary(made[i].Err)
			continue
		}
		starts[i].Service.(*service).started(made[i].PID)
	}
	return made
}

// StartHook starts the program of a signal's rule.
func (h *Host) StartHook(command config.Command, info signals.Info) (pid int, err error) {
	child, err := h.launcher.StartHook(launch.Hook{
		Command: command.Argv, Signal: info, RuntimeDir: h.runtimeDir, Output: h.hookOutput,
	})
	if err == nil {
		h.await(child.PID)
	}
	return child.PID, err
}

// KillHook kills it and its process group.
func (h *Host) KillHook(pid int) {
	send.Group(pid, signals.SIGKILL)
	send.Process(pid, signals.SIGKILL)
}
