package owner

import (
	"syscall"

	"supervise/internal/sys"
)

// Owner is a process, told from all others that ever had its pid by when it began.
type Owner struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start"` // starttime of proc_pid_stat(5): clock ticks since boot
}

// Self is the calling process.
func Self() Owner {
	o := Owner{PID: syscall.Getpid()}
	o.Start, _ = started(o.PID)
	return o
}

// Alive reports whether the process still runs, be it stopped. A zombie does not.
func (o Owner) Alive() bool {
	start, ok := started(o.PID)
	return ok && start == o.Start
}

// Running reports whether some process has the pid.
func Running(pid int) bool {
	_, ok := started(pid)
	return ok
}

// started returns when the process began that has the pid now, if one has and it is no
// zombie.
func started(pid int) (start uint64, ok bool) {
	if pid <= 0 {
		return 0, false
	}
	stat, err := sys.ReadStat(pid)
	return stat.Started, err == nil && !stat.Zombie()
}
