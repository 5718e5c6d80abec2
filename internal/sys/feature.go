package sys

import (
	"sync/atomic"
	"syscall"
	"unsafe"

	"supervise/signals"
	"supervise/signals/relay"
)

// Feature is a system call, or a form of one, that an older kernel or a seccomp filter may
// refuse. It counts as available until a caller has found that it is refused whatever its
// arguments are, and said so with [Feature.SetAvailable].
type Feature struct {
	Name  string // "clone3"
	Since string // the first kernel that has it: "5.3"

	probe   func() syscall.Errno
	refused atomic.Bool
}

// The features that this program has a slower or less exact way to do without.
var (
	FeatureClone3      = Feature{Name: "clone3", Since: "5.3", probe: probeClone3}
	FeatureCloseRange  = Feature{Name: "close_range", Since: "5.9", probe: probeCloseRange}
	FeatureSignalQueue = Feature{Name: "rt_sigqueueinfo", Since: "2.2", probe: probeSignalQueue}
	FeatureGroupQueue  = Feature{Name: "pidfd_send_signal to a group", Since: "6.9", probe: probeGroupQueue}
)

// Available reports whether no caller has found that the feature is refused.
func (f *Feature) Available() bool { return !f.refused.Load() }

// SetAvailable notes what a caller has found.
func (f *Feature) SetAvailable(ok bool) { f.refused.Store(!ok) }

// Probe asks the kernel whether it takes the call, without changing anything, and notes the
// answer. The error is nil, or the syscall.Errno of the refusal.
func (f *Feature) Probe() error {
	errno := f.probe()
	f.SetAvailable(errno == 0)
	return wrap(errno)
}

// refusal returns 0 in place of the errno that a call with wrong arguments gives when it is
// available.
func refusal(errno, expected syscall.Errno) syscall.Errno {
	if errno == expected {
		return 0
	}
	return errno
}

// probeClone3 passes arguments of size 0: EINVAL, kernel/fork.c.
func probeClone3() syscall.Errno {
	_, _, errno := syscall.RawSyscall(sysClone3, 0, 0, 0)
	return refusal(errno, syscall.EINVAL)
}

// probeCloseRange passes a range that ends before it begins: EINVAL, fs/file.c.
func probeCloseRange() syscall.Errno {
	_, _, errno := syscall.RawSyscall(NrCloseRange, 1, 0, 0)
	return refusal(errno, syscall.EINVAL)
}

// probeSignalQueue sends no signal to ourselves, which the kernel allows everybody
// (kill_proc_info in kernel/signal.c).
func probeSignalQueue() syscall.Errno {
	raw := signals.Info{Code: signals.CodeQueue}.Raw()
	_, _, errno := syscall.RawSyscall(syscall.SYS_RT_SIGQUEUEINFO, uintptr(syscall.Getpid()), 0, uintptr(unsafe.Pointer(&raw)))
	return errno
}

// probeGroupQueue names no descriptor: EBADF, where an older kernel says EINVAL because of
// the flag.
func probeGroupQueue() syscall.Errno {
	_, _, errno := syscall.RawSyscall6(NrPIDFDSendSignal, ^uintptr(0), 0, 0, relay.PIDFDProcessGroup, 0, 0)
	return refusal(errno, syscall.EBADF)
}
