package launch

import (
	"golang.org/x/sys/unix"

	"supervise/supervisor/process"
)

// Rlimit is a resource limit: getrlimit(2).
type Rlimit struct{ Soft, Hard uint64 }

// rlimitLocks is RLIMIT_LOCKS, which nothing has obeyed since Linux 2.4.25: getrlimit(2).
const rlimitLocks = 10

// limits returns the limits of a service. The descriptor limit is the one that the supervisor
// was started with, as package os has raised the present one; a seccomp filter may forbid to
// restore it. core is the soft limit of core files, within the supervisor's hard limit, or
// nil for the supervisor's own. brand, if it is not 0, is the limit by which processes are
// known; a service can do without it.
func limits(core *uint64, noFile Rlimit, brand uint64) []process.Limit {
	var set []process.Limit
	if noFile.Hard != 0 {
		set = append(set, process.Limit{Resource: unix.RLIMIT_NOFILE, Soft: noFile.Soft, Hard: noFile.Hard, Optional: true})
	}
	if brand != 0 {
		set = append(set, process.Limit{Resource: rlimitLocks, Soft: brand, Hard: unix.RLIM_INFINITY, Optional: true})
	}
	if core != nil {
		hard := *core
		var now unix.Rlimit
		if unix.Getrlimit(unix.RLIMIT_CORE, &now) == nil {
			hard = now.Max
		}
		set = append(set, process.Limit{Resource: unix.RLIMIT_CORE, Soft: min(*core, hard), Hard: hard})
	}
	return set
}
