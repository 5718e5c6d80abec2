package sys

import (
	"syscall"
	"unsafe"

	"supervise/signals"
	"supervise/signals/relay/kernel"
)

// limitSignal is the one that ends a wait, which is nobody's. The timer is not the one of
// alarm(2), as that is kept by execve(2), and so may be there already.
const limitSignal = signals.SIGRTMAX

// Limit is a time after which system calls that wait fail with EINTR, again and again until
// it ends.
type Limit struct {
	timer  int32
	before action
}

// nothing is the signal handler, which needs no more of a stack than the kernel has made.
//
//go:nosplit
func nothing() {}

// Begin begins it, in the only thread that there is, which from then on has this mask; restorer
// is where signal handlers return to. It is not ok if there can be no timer. timer_create(2).
func (l *Limit) Begin(ns int64, mask signals.Set, restorer uintptr) (ok bool) {
	const clockMonotonic, saRestorer = 1, 0x04000000
	event := struct {
		value          uintptr
		signal, notify int32
		_              [6]uint64
	}{signal: int32(limitSignal)}
	if kernel.Call(syscall.SYS_TIMER_CREATE, clockMonotonic, uintptr(unsafe.Pointer(&event)), uintptr(unsafe.Pointer(&l.timer)), 0, 0) != 0 {
		return false
	}
	handler := nothing
	now := action{handler: **(**uintptr)(unsafe.Pointer(&handler)), mask: signals.Full}
	if restorer != 0 {
		now.flags, now.restorer = saRestorer, restorer
	}
	kernel.Call(syscall.SYS_RT_SIGACTION, uintptr(limitSignal), uintptr(unsafe.Pointer(&now)), uintptr(unsafe.Pointer(&l.before)), setSize, 0)
	t := syscall.Timespec{Sec: ns / 1e9, Nsec: ns % 1e9}
	times := [2]syscall.Timespec{t, t} // again, as it may come before the call waits
	kernel.Call(syscall.SYS_TIMER_SETTIME, uintptr(l.timer), 0, uintptr(unsafe.Pointer(&times)), 0, 0)
	SetMask(mask &^ signals.SetOf(limitSignal))
	return true
}

// End ends it, and blocks all signals.
func (l *Limit) End() {
	kernel.Call(syscall.SYS_TIMER_DELETE, uintptr(l.timer), 0, 0, 0, 0)
	SetMask(signals.Full)
	kernel.Call(syscall.SYS_RT_SIGACTION, uintptr(limitSignal), uintptr(unsafe.Pointer(&l.before)), 0, setSize, 0)
}
