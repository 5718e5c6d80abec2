package relay

import (
	"syscall"
	"unsafe"

	"supervise/internal/sys"
	"supervise/signals"
)

// Forever is the timeout of a Wait without one.
const Forever int64 = -1

// Relay waits for signals and forwards some. The zero value waits for none.
type Relay struct {
	Set  signals.Set     // the signals to wait for
	Info signals.RawInfo // the one that Wait has returned

	self    int32       // our own pid
	forward signals.Set // the signals to forward
	rewrite [signals.Max + 1]signals.Signal

	call   uintptr // the number of the system call that forwards; 0 for none
	target uintptr // its first argument
	flags  uintptr // its fourth argument, if it has one

	forwarded uint64
	last      [32]byte // the start of the last forwarded siginfo_t
}

// head is the start of siginfo_t: sigaction(2).
type head struct {
	signo, errno, code, _ int32
	pid                   int32
}

// Init makes a relay wait for a set of signals. self is our own pid.
func (r *Relay) Init(set signals.Set, self int) {
	*r = Relay{Set: set, self: int32(self)}
	for s := range r.rewrite {
		r.rewrite[s] = signals.Signal(s)
	}
}

// To forwards the signals of a set to a process, as [signals.Info.Forwardable] returns them,
// as long as the kernel takes them. Pid 0 forwards none.
func (r *Relay) To(pid int, set signals.Set) {
	r.call, r.flags = syscall.SYS_RT_SIGQUEUEINFO, 0
	if pid == 0 {
		r.call = 0
	}
	r.target, r.forward = uintptr(pid), set
}

// ToGroup is [Relay.To] for the process group that a process leads, given its pidfd. A kernel
// before 6.9 refuses each signal.
func (r *Relay) ToGroup(pidfd int, set signals.Set) {
	r.call, r.flags = sys.NrPIDFDSendSignal, sys.PIDFDProcessGroup
	r.target, r.forward = uintptr(pidfd), set
}

// Rewrite forwards each signal as another one, to[signal].
func (r *Relay) Rewrite(to *[signals.Max + 1]signals.Signal) { r.rewrite = *to }

// Forwarded returns how many signals were forwarded, and the last of them.
func (r *Relay) Forwarded() (count uint64, last signals.Info) {
	var raw signals.RawInfo
	copy(raw[:], r.last[:])
	return r.forwarded, signals.Decode(&raw)
}

// Wait waits for a signal of the set, up to a timeout in nanoseconds. It returns the signal's
// number, with the rest in r.Info: if it is not one to forward, if the kernel refuses to
// forward it, or if it comes from the kernel or from ourselves. It returns 0 when it has
// forwarded one and there is a timeout, so that the caller can look at the clock, and a
// negated errno if no signal came in time.
//
//go:nosplit
//go:norace
func (r *Relay) Wait(timeout int64) int {
	const second = 1_000_000_000
	var limit *[2]int64
	span := [2]int64{timeout / second, timeout % second} // struct timespec
	if timeout >= 0 {
		limit = &span
	}
	for {
		n, _, errno := syscall.RawSyscall6(syscall.SYS_RT_SIGTIMEDWAIT, uintptr(unsafe.Pointer(&r.Set)),
			uintptr(unsafe.Pointer(&r.Info)), uintptr(unsafe.Pointer(limit)), unsafe.Sizeof(r.Set), 0, 0)
		if errno != 0 {
			return -int(errno)
		}
		if !r.relay(n) {
			return int(n)
		}
		if limit != nil {
			return 0
		}
	}
}

// relay forwards the signal in r.Info, and reports whether that is all there is to do.
//
//go:nosplit
//go:norace
func (r *Relay) relay(n uintptr) bool {
	info := (*head)(unsafe.Pointer(&r.Info))
	if r.call == 0 || n >= uintptr(len(r.rewrite)) || r.forward>>(n-1)&1 == 0 || info.pid == r.self {
		return false
	}
	// As signals.Info.Forwardable, for the simple codes.
	switch {
	case info.code > 0, info.code == int32(signals.CodeThread):
		return false
	case info.code == int32(signals.CodeUser):
		info.code = int32(signals.CodeQueue)
	}
	to := r.rewrite[n]
	info.signo = int32(to) // pidfd_send_signal wants it there, too
	_, _, errno := syscall.RawSyscall6(r.call, r.target, uintptr(to), uintptr(unsafe.Pointer(&r.Info)), r.flags, 0, 0)
	info.signo = int32(n)
	if errno != 0 {
		return false
	}
	r.forwarded++
	r.last = *(*[32]byte)(unsafe.Pointer(&r.Info))
	return true
}
