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

// Start makes several starts at once, as many as threads may run Go code ([BeginBulkStart] doubles
// that): each waits until the kernel has loaded a program. The caller waits for all of them,
// so that nothing else, an end above all, can come in between.
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

// StartHook starts a program because of a signal.
func (h *Host) StartHook(command config.Command, info signals.Info) (pid int, err error) {
	child, err := h.launcher.StartHook(launch.Hook{
		Command: command.Argv, Signal: info, RuntimeDir: h.runtimeDir, Output: h.hookOutput,
	})
	return child.PID, err
}

// KillHook kills it and what it has started, as far as that has stayed in its group.
func (h *Host) KillHook(pid int) {
	send.Group(pid, signals.SIGKILL)
	send.Process(pid, signals.SIGKILL)
}
