//go:build linux && (amd64 || arm64)

package process

import "syscall"

// Room reports whether one more process or thread can be made: not at the pids.max of a cgroup,
// nor at RLIMIT_NPROC. It makes one, which ends at once, and which progress knows: somebody
// else may reap it.
func Room(progress *Progress) bool {
	p := plans.take()
	defer plans.put(p)
	p.clear()
	p.add("exit_group", syscall.SYS_EXIT_GROUP, 0)
	p.firstResult = noResult
	p.program = program{
		steps: &p.steps[0], count: 1,
		flags: cloneOurs | cloneParentSetTID, parentTID: &p.born, // without a signal at its end
	}
	if !progress.begin(p) {
		return false
	}
	pid := vforkBlocking(&p.program)
	progress.end(pid, false)
	if pid <= 0 {
		return false
	}
	reapFailed(Process{PID: pid, PIDFD: -1})
	return true
}
