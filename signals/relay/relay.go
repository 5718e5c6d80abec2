package relay

import (
	"syscall"
	"unsafe"

	"supervise/signals"
)

// NrPIDFDSendSignal is the number of pidfd_send_signal(2) on every architecture, and
// PIDFDProcessGroup its flag PIDFD_SIGNAL_PROCESS_GROUP, Linux 6.9.
const (
	NrPIDFDSendSignal = 424
	PIDFDProcessGroup = 4
)

// Errno is the errno of a result of [Call], 0 if it succeeded.
func Errno(result uintptr) syscall.Errno {
	const most = 4095
	if -result-1 < most {
		return syscall.Errno(-result)
	}
	return 0
}

// Forever is the timeout of a Wait without one.
const Forever int64 = -1

// Relay waits for signals and forwards some. The zero value waits for none.
type Relay struct {
	Set  signals.Set     // the signals to wait for
	Info signals.RawInfo // the one that Wait has returned

	// Unused is memory that the next Wait, and no later one, gives back: the program's own code
	// and constants, which the kernel reads again where they are needed again. MADV_DONTNEED.
	Unused [2]Span

	// Refused is why the kernel has not taken the last one that it was to take.
	Refused syscall.Errno

	self    int32       // our own pid
	forward signals.Set // the signals to forward
	rewrite [signals.Max + 1]signals.Signal

	call   uintptr // the number of the system call that forwards; 0 for none
	target uintptr // its first argument
	flags  uintptr // its fourth argument, if it has one

	forwarded uint64
	last      [32]byte // the start of the last forwarded siginfo_t
}

// Span is a piece of memory.
type Span struct{ Start, Size uintptr }

// Code is where Wait lies, with all that it needs: some pages.
func Code() Span {
	const page, around = 4096, 2048 // which is as much as this package has
	wait := (*Relay).Wait
	at := **(**uintptr)(unsafe.Pointer(&wait))
	start := (at - around) &^ (page - 1)
	return Span{Start: start, Size: (at+2*around-start)&^(page-1) + page}
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
	r.call, r.flags = NrPIDFDSendSignal, PIDFDProcessGroup
	r.target, r.forward = uintptr(pidfd), set
}

// Rewrite forwards a signal as another one.
func (r *Relay) Rewrite(from, to signals.Signal) { r.rewrite[from] = to }

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
	for i := range r.Unused {
		if unused := &r.Unused[i]; unused.Size > 0 {
			Call(syscall.SYS_MADVISE, unused.Start, unused.Size, syscall.MADV_DONTNEED, 0, 0)
			unused.Size = 0
		}
	}
	for {
		n := Call(syscall.SYS_RT_SIGTIMEDWAIT, uintptr(unsafe.Pointer(&r.Set)),
			uintptr(unsafe.Pointer(&r.Info)), uintptr(unsafe.Pointer(limit)), unsafe.Sizeof(r.Set), 0)
		if !r.relay(n) {
			return int(n) // a negated errno is no signal
		}
		if limit != nil {
			return 0
		}
	}
}

// Pass forwards the signal that Wait has returned in the form in which the kernel lets it pass,
// whoever has sent it, and reports whether the kernel took it.
func (r *Relay) Pass() bool {
	info := signals.Decode(&r.Info)
	r.Info = info.Forwardable().Raw()
	return r.put(uintptr(info.Signal))
}

// relay forwards the signal in r.Info, and reports whether that is all there is to do.
//
//go:nosplit
//go:norace
func (r *Relay) relay(n uintptr) bool {
	info := (*head)(unsafe.Pointer(&r.Info))
	if n == 0 || n >= uintptr(len(r.rewrite)) || r.forward>>(n-1)&1 == 0 || info.pid == r.self {
		return false
	}
	// As signals.Info.Forwardable, for the simple codes.
	switch {
	case info.code > 0, info.code == int32(signals.CodeThread):
		return false
	case info.code == int32(signals.CodeUser):
		info.code = int32(signals.CodeQueue)
	}
	return r.put(n)
}

// put has the kernel queue r.Info for the target, if there is one.
//
//go:nosplit
//go:norace
func (r *Relay) put(n uintptr) bool {
	if r.call == 0 {
		return false
	}
	info := (*head)(unsafe.Pointer(&r.Info))
	to := r.rewrite[n]
	info.signo = int32(to) // pidfd_send_signal wants it there, too
	refused := Call(r.call, r.target, uintptr(to), uintptr(unsafe.Pointer(&r.Info)), r.flags, 0)
	info.signo = int32(n)
	if refused != 0 {
		r.Refused = Errno(refused)
		return false
	}
	r.forwarded++
	r.last = *(*[32]byte)(unsafe.Pointer(&r.Info))
	return true
}
