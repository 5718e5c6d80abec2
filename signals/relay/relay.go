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

// Forever is the timeout of a Wait without one.
const Forever int64 = -1

// Relay waits for signals and forwards some. The zero value waits for none.
type Relay struct {
	// What is looked at for each signal is together, in one line of the processor's cache if this
	// begins with one: after a sleep, what is not in the cache takes longer than what is done.
	Set     signals.Set // the signals to wait for
	forward signals.Set // the signals to forward
	call    uintptr     // the number of the system call that forwards; 0 for none
	target  uintptr     // its first argument
	flags   uintptr     // its fourth argument, if it has one
	self    int32       // our own pid
	reaps   bool        // Wait reaps children
	child   int         // the one of them that is not one of many
	count   uint64      // of those that were forwarded

	Info    signals.RawInfo // the signal that Wait has returned
	last    [32]byte        // the start of the last forwarded siginfo_t
	rewrite [signals.Max + 1]signals.Signal

	// Unused is memory that the next Wait, and no later one, gives back: the program's own code
	// and constants, which the kernel reads again where they are needed again. MADV_DONTNEED.
	Unused [2]Span

	// Refused is why the kernel has not taken the last one that it was to take.
	Refused syscall.Errno

	Children
}

// Span is a piece of memory.
type Span struct{ Start, Size uintptr }

// Code is where Wait lies, with all that it needs: a page.
func Code() Span {
	const page = 4096
	wait := (*Relay).Wait
	return Span{Start: **(**uintptr)(unsafe.Pointer(&wait)) &^ (page - 1), Size: page}
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
		r.call, set = 0, 0
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
	return r.count, signals.Decode(&raw)
}

// Pass forwards the signal that Wait has returned in the form in which the kernel lets it pass,
// whoever has sent it, and reports whether the kernel took it.
func (r *Relay) Pass() bool {
	info := signals.Decode(&r.Info)
	n := info.Signal
	info = info.Forwardable()
	info.Signal = r.rewrite[n]
	r.Info = info.Raw()
	return r.call != 0 && r.sent(uintptr(n), r.send())
}
