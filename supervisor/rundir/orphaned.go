package rundir

import (
	"time"

	"supervise/internal/sys"
)

const (
	lockRetry = 10 * time.Millisecond

	// foreignLockTime is how long a lock of the directory is waited for that no supervisor
	// holds.
	foreignLockTime = 500 * time.Millisecond

	// orphanLockTime is how long a lock is waited for whose owner has ended.
	orphanLockTime = 5 * time.Second
)

// orphaned reports whether a lock that has been waited for since began will come free because
// the supervisor that took it has ended.
//
// A lock of flock(2) belongs to the open file, which every child has from clone(2) until it
// closes it or execve(2) does. Children of a supervisor that was killed while it started
// services hold its locks for that moment: usually some microseconds, longer where an
// executable comes from a slow disk.
func orphaned(pid int, began time.Time) bool {
	return pid != 0 && time.Since(began) < orphanLockTime && !alive(pid)
}

// alive reports whether a process has not ended. One that cannot be seen counts as ended: in
// another PID namespace its lock is still there when the wait is over.
func alive(pid int) bool {
	stat, err := sys.ReadStat(pid)
	return err == nil && !stat.Zombie()
}
