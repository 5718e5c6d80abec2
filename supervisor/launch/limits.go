package launch

import (
	"golang.org/x/sys/unix"

	"supervise/supervisor/process"
)

// Rlimit is a resource limit: getrlimit(2).
type Rlimit struct{ Soft, Hard uint64 }

// rlimitLocks is RLIMIT_LOCKS, which nothing has obeyed since Linux 2.4.25: getrlimit(2).
const rlimitLocks = 10

// limits returns what is set for a service. The descriptor limit is the one that the
// supervisor was started with, since package os raises its own; a seccomp filter may forbid
// to restore it. core is nil for a service that keeps the supervisor's core limit. Its hard
// limit stays where it is, and bounds the soft one. brand is 0 for none, and nothing that a
// service cannot do without.
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
