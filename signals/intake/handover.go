//go:build linux && (amd64 || arm64)

package intake

import (
	"strconv"

	"supervise/internal/sys"
	"supervise/signals"
	"supervise/signals/intake/boot"
)

// Collect takes all signals that are pending, for a program that executes another one in its
// place, which is to find them as they were: in order, SIGCHLD and those that the process sent
// to itself among them. [Intake.Return] puts them back. It must be called before anything of
// this package has sent the process a signal: MaskThreads, Wake.
func (in *Intake) Collect() (pending []signals.Info) {
	for boot.Take((*[128]byte)(&in.relay.info)) {
		pending = append(pending, signals.Decode(&in.relay.info))
	}
	for in.next(0) > 0 {
		info := signals.Decode(&in.relay.info)
		if info.Signal == signals.SIGCHLD && info.Code == signals.CodeThread && int(info.PID) == in.pid {
			continue // from the catcher: it has stored one
		}
		pending = append(pending, info)
	}
	return pending
}

// Seal makes every thread but the caller's block all signals except real faults, and returns
// the signals that arrived since [Intake.Collect]. From then on signals stay in the kernel: until
// the process executes another program, nothing may be done that needs another thread.
func (in *Intake) Seal() (late []signals.Info) {
	in.MaskThreadsAsync()
	for deadline := sys.Now() + maskTime; !in.sealed() && sys.Now() < deadline; {
		pause()
	}
	for _, info := range in.Collect() {
		hint := info.Signal == signals.SIGCHLD && info.Code == signals.CodeQueue && int(info.PID) == in.pid
		if !hint {
			late = append(late, info)
		}
	}
	return late
}

// sealed reports whether all other threads block the signals that the runtime unblocks.
func (in *Intake) sealed() bool {
	for tid := range sys.Threads() {
		state, err := sys.ReadSignalState("self/task/" + strconv.Itoa(tid))
		if tid != in.tid && err == nil && signals.Set(boot.ThreadMask&boot.Forced)&^state.Blocked != 0 {
			return false
		}
	}
	return true
}

// Return puts collected signals into the kernel's queues, with their siginfo. A process may
// send itself any: rt_sigqueueinfo(2). It returns those for which there is no room, or which a
// seccomp filter refuses.
func (in *Intake) Return(pending []signals.Info) (lost []signals.Info) {
	for _, info := range pending {
		var err error
		if signals.Faults.Has(info.Signal) { // which other threads do not block
			err = sys.QueueThread(in.pid, in.tid, info)
		} else {
			err = sys.Queue(in.pid, info)
		}
		if err != nil {
			lost = append(lost, info)
		}
	}
	return lost
}
