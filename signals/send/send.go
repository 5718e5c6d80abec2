package send

import (
	"strconv"
	"syscall"

	"supervise/internal/sys"
	"supervise/signals"
)

// Result is the outcome of sending a signal.
type Result uint8

// The results.
const (
	OK      Result = iota // the kernel took it
	Again                 // a real-time signal, and the receiver's user has no room left: try later
	Gone                  // there is no such process or group
	Refused               // we may not signal it, or the kernel does not know the signal
)

// String names the result in words.
func (r Result) String() string {
	switch r {
	case OK:
		return "sent"
	case Again:
		return "no room in the receiver's queue (RLIMIT_SIGPENDING)"
	case Gone:
		return "no such process"
	case Refused:
		return "not permitted"
	}
	return "Result(" + strconv.Itoa(int(r)) + ")"
}

func resultOf(err error) Result {
	switch err {
	case nil:
		return OK
	case syscall.EAGAIN:
		return Again
	case syscall.ESRCH:
		return Gone
	default:
		return Refused
	}
}

// Info sends a signal to a process as [signals.Info.Forwardable] returns it, with payload and
// original sender. rt_sigqueueinfo(2). If that call is refused, it does what [Process] does,
// and [Queues] says so.
func Info(pid int, info signals.Info) Result {
	err := sys.Queue(pid, info.Forwardable())
	if mayBeRefused(err) && (!Queues() || sys.FeatureSignalQueue.Probe() != nil) {
		return Process(pid, info.Signal)
	}
	return resultOf(err)
}

// Process sends a signal to a process as ourselves. For numbers from 0 down, which kill(2)
// takes for groups and for everybody, the result is Gone.
func Process(pid int, s signals.Signal) Result {
	if pid <= 0 {
		return Gone
	}
	return resultOf(sys.Kill(pid, s))
}

// Group sends a signal to every process of a process group as ourselves. OK means that at
// least one of them took it. The group of PID 1 cannot be named, as kill(2) takes -1 for
// everybody: the result is Gone.
func Group(pgid int, s signals.Signal) Result {
	if pgid <= 1 {
		return Gone
	}
	return resultOf(sys.Kill(-pgid, s))
}

// Each sends a signal to every process of a list as ourselves, and returns how many took it.
func Each(pids []int, s signals.Signal) (sent int) {
	for _, pid := range pids {
		if Process(pid, s) == OK {
			sent++
		}
	}
	return sent
}
