//go:build linux && (amd64 || arm64)

package intake

import (
	"strconv"

	"supervise/internal/sys"
	"supervise/signals"
	"supervise/signals/intake/boot"
)

// Collect takes the signals that were stored outside of the kernel, and those of a set that are
// pending, for a program that executes another one in its place, which is to find them as they
// were: in order, SIGCHLD and those that the process sent to itself among them. [Intake.Return]
// puts them back, behind others of the same number that have arrived meanwhile. It must be called
// before anything of this package has sent the process a signal: MaskThreads, Wake.
func (in *Intake) Collect(set signals.Set) (pending []signals.Info) {
	for boot.Take((*[128]byte)(&in.relay.Info)) {
		pending = append(pending, signals.Decode(&in.relay.Info))
	}
	all := in.relay.Set
	defer func() { in.relay.Set = all }()
	in.relay.Set = set & catchable
	for in.relay.Set != 0 && in.next(0) > 0 {
		info := signals.Decode(&in.relay.Info)
		if info.Signal == signals.SIGCHLD && info.Code == signals.CodeThread && int(info.PID) == in.pid {
			continue // from the catcher: it has stored one
		}
		pending = append(pending, info)
	}
	return pending
}

// Seal makes every thread but the caller's block all signals except real faults, and then does
// what [Intake.Collect] does, with those that the runtime unblocks in addition. From then on
// signals stay in the kernel: until the process executes another program, nothing may be done
// that needs another thread.
func (in *Intake) Seal(set signals.Set) (late []signals.Info) {
	const sure = 2 // times, as a thread can be started while the others are looked at
	for seen, deadline := 0, sys.Now()+sealTime; seen < sure && sys.Now() < deadline; {
		in.MaskThreadsAsync() // also those that were started since
		if seen++; !in.sealed() {
			seen = 0
			pause()
		}
	}
	for _, info := range in.Collect(set | signals.Set(boot.Forced)) {
		hint := info.Signal == signals.SIGCHLD && info.Code == signals.CodeQueue && int(info.PID) == in.pid
		if !hint {
			late = append(late, info)
		}
	}
	return late
}

// sealed reports whether all other threads block the signals that the runtime unblocks, and
// will not change that any more. One that blocks faults as well has just been started, and is
// about to unblock all of these, or runs the catcher.
func (in *Intake) sealed() bool {
	for tid := range sys.Threads() {
		state, err := sys.ReadSignalState("self/task/" + strconv.Itoa(tid))
		if tid != in.tid && err == nil && uint64(state.Blocked)&boot.Forced != boot.ThreadMask&boot.Forced {
			return false
		}
	}
	return true
}

// sealTime is how long the other threads may take to get a processor, in nanoseconds.
const sealTime = 10_000_000_000

// Return puts collected signals into the kernel's queues, with their siginfo. A process may
// send itself any: rt_sigqueueinfo(2). It returns those for which there is no room, or which a
// seccomp filter refuses.
//
// A thread that was started after Seal may take one. It is the catcher that gets it, as long as
// the caller leaves the dispositions as they are, and the thread gets no second one.
func (in *Intake) Return(pending []signals.Info) (lost []signals.Info) {
	for {
		for _, info := range pending {
			if in.put(info) != nil {
				lost = append(lost, info)
			}
		}
		if !boot.Stored() {
			return lost
		}
		pending = in.Collect(signals.Set(boot.Forced))
	}
}

func (in *Intake) put(info signals.Info) error {
	if signals.Faults.Has(info.Signal) { // which other threads do not block
		return sys.QueueThread(in.pid, in.tid, info)
	}
	return sys.Queue(in.pid, info)
}
