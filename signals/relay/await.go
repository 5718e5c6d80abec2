package relay

import (
	"syscall"
	"unsafe"

	"supervise/signals"
	"supervise/signals/relay/kernel"
)

// Wait is the first function of this package, and package kernel the last that is imported, so that
// the linker puts it behind kernel.Call, which begins where PCALIGN says: both are in one page.

// passes reports whether the kernel lets us send the signal in r.Info as it was sent to us, or
// nearly so, and makes it what is sent: as signals.Info.Forwardable, for the simple codes.
//
//go:nosplit
//go:norace
func (r *Relay) passes(n uintptr) bool {
	info := (*head)(unsafe.Pointer(&r.Info))
	if info.code > 0 || info.code == int32(signals.CodeThread) || info.pid == r.self {
		return false
	}
	if info.code == int32(signals.CodeUser) {
		info.code = int32(signals.CodeQueue)
	}
	info.signo = int32(r.rewrite[n]) // pidfd_send_signal wants it there, too
	return true
}

// send sends what is in r.Info.
//
//go:nosplit
//go:norace
func (r *Relay) send() (refused uintptr) {
	info := (*head)(unsafe.Pointer(&r.Info))
	return kernel.Call(r.call, r.target, uintptr(info.signo), uintptr(unsafe.Pointer(info)), r.flags, 0)
}

// sent notes that it was taken, or not.
//
//go:nosplit
//go:norace
func (r *Relay) sent(n, refused uintptr) bool {
	info := (*head)(unsafe.Pointer(&r.Info))
	info.signo = int32(n)
	if refused != 0 {
		r.Refused = kernel.Errno(refused)
		return false
	}
	r.count++
	r.last = *(*[32]byte)(unsafe.Pointer(info))
	return true
}

// Wait waits for a signal of the set, up to a timeout in nanoseconds. It returns the signal's
// number, with the rest in r.Info: if it is not one to forward, if the kernel refuses to
// forward it, or if it comes from the kernel or from ourselves. It returns 0 when it has
// forwarded one, or reaped, and there is a timeout, so that the caller can look at the clock, and
// a negated errno if no signal came in time. A timeout costs each signal a timer of the kernel's.
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
			kernel.Call(syscall.SYS_MADVISE, unused.Start, unused.Size, syscall.MADV_DONTNEED, 0, 0)
			unused.Size = 0
		}
	}
	for {
		n := kernel.Call(syscall.SYS_RT_SIGTIMEDWAIT, uintptr(unsafe.Pointer(&r.Set)),
			uintptr(unsafe.Pointer(&r.Info)), uintptr(unsafe.Pointer(limit)), unsafe.Sizeof(r.Set), 0)
		switch {
		case n-1 < uintptr(signals.Max) && r.forward>>(n-1)&1 != 0 && r.passes(n):
			if !r.sent(n, r.send()) {
				return int(n)
			}
		case n == uintptr(signals.SIGCHLD) && r.reaps:
			if r.Reap() {
				return int(n)
			}
		default:
			return int(n) // a negated errno is no signal
		}
		if limit != nil {
			return 0
		}
	}
}
