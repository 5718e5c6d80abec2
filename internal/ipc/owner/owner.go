package owner

import (
	"syscall"

	"supervise/internal/sys"
	"supervise/internal/text/json"
)

// Owner identifies a process by its pid and start time.
type Owner struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start"` // starttime of proc_pid_stat(5): clock ticks since boot
}

// Read reads an owner from a file of a runtime directory.
func Read(r *json.Reader) (o Owner) {
	for r.Begin('{'); r.More('}'); {
		switch r.Name() {
		case "pid":
			o.PID = int(r.Int())
		case "start":
			o.Start = r.Uint()
		default:
			r.Skip()
		}
	}
	return o
}

// Self returns the calling process.
func Self() Owner {
	o := Owner{PID: syscall.Getpid()}
	o.Start, _ = started(o.PID)
	return o
}

// Alive reports whether the process still runs, even if it is stopped. A zombie does not.
func (o Owner) Alive() bool {
	start, ok := started(o.PID)
	return ok && start == o.Start
}

// Stopped reports whether the process is there and does nothing, as a signal or a debugger has
// stopped it.
func (o Owner) Stopped() bool {
	stat, err := sys.ReadStat(o.PID)
	return err == nil && stat.Started == o.Start && stat.Stopped()
}

// Working reports whether the process is alive and not stopped. The memory is to read a file of
// /proc into.
func (o Owner) Working(memory []byte) bool {
	stat, ok := sys.StatIn(o.PID, memory)
	return ok && stat.Started == o.Start && !stat.Zombie() && !stat.Stopped()
}

// Running reports whether any process has the pid.
func Running(pid int) bool {
	_, ok := started(pid)
	return ok
}

// started returns when the process that now has the pid was started. ok is false if there is
// none, or a zombie.
func started(pid int) (start uint64, ok bool) {
	if pid <= 0 {
		return 0, false
	}
	stat, err := sys.ReadStat(pid)
	return stat.Started, err == nil && !stat.Zombie()
}
