package launch

import (
	"golang.org/x/sys/unix"

	"supervise/supervisor/process"
)

// Rlimit is a resource limit: getrlimit(2).
type Rlimit struct{ Soft, Hard uint64 }

// limits returns the limits of a service. The descriptor limit is the one that the supervisor
// was started with, as package os has raised the present one; a seccomp filter may forbid to
// restore it. core is the soft limit of core files, within the supervisor's hard limit, or
// nil for the supervisor's own.
func limits(core *uint64, noFile Rlimit) []process.Limit {
	var set []process.Limit
	if noFile.Hard != 0 {
		set = append(set, process.Limit{Resource: unix.RLIMIT_NOFILE, Soft: noFile.Soft, Hard: noFile.Hard, Optional: true})
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
