package take

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Requests of ptrace(2).
const (
	ptraceGetRegset  = 0x4204
	ptraceSeize      = 0x4206
	ptraceInterrupt  = 0x4207
	ptraceGetSigmask = 0x420a
	ptraceDetach     = 17
)

// eventStop is PTRACE_EVENT_STOP: a stop without a signal, or that of a stopped process.
const eventStop = 128

func ptrace(request, tid int, addr, data uintptr) error {
	_, _, errno := unix.RawSyscall6(unix.SYS_PTRACE, uintptr(request), uintptr(tid), addr, data, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// regset reads a set of registers, by the type of its note, into b.
func regset(tid int, kind uint32, b []byte) ([]byte, error) {
	vec := unix.Iovec{Base: &b[0]}
	vec.SetLen(len(b))
	_, _, errno := unix.RawSyscall6(unix.SYS_PTRACE, ptraceGetRegset, uintptr(tid), uintptr(kind), uintptr(unsafe.Pointer(&vec)), 0, 0)
	if errno != 0 {
		return nil, errno
	}
	return b[:vec.Len], nil
}

// sigmask returns the signals that a thread blocks.
func sigmask(tid int) (mask uint64) {
	_, _, _ = unix.RawSyscall6(unix.SYS_PTRACE, ptraceGetSigmask, uintptr(tid), unsafe.Sizeof(mask), uintptr(unsafe.Pointer(&mask)), 0, 0)
	return mask
}

// siginfo is the part of siginfo_t that waitid(2) fills.
type siginfo struct {
	signo, errno, code int32
	_                  int32
	pid                int32
	uid                uint32
	status             int32
	_                  [100]byte
}

// stopOf reports how a traced thread stands: stopped, with the signal that it was about to get
// or 0, or ended. It neither waits nor consumes anything, as the thread may also be a child of
// ours, whose end others wait for.
func stopOf(tid int) (stopped bool, signal int, ended bool) {
	var info siginfo
	const how = unix.WSTOPPED | unix.WEXITED | unix.WNOHANG | unix.WNOWAIT | unix.WALL
	_, _, errno := unix.RawSyscall6(unix.SYS_WAITID, unix.P_PID, uintptr(tid), uintptr(unsafe.Pointer(&info)), how, 0, 0)
	switch {
	case errno == unix.ECHILD:
		return false, 0, true
	case errno != 0 || info.pid == 0:
		return false, 0, false
	case info.code == cldExited || info.code == cldKilled || info.code == cldDumped:
		return false, 0, true
	case info.status>>8 == eventStop:
		return true, 0, false
	}
	return true, int(info.status & 0x7f), false
}

// CLD_* of sigaction(2).
const cldExited, cldKilled, cldDumped = 1, 2, 3
