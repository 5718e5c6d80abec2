package attribution

import (
	"golang.org/x/sys/unix"

	"supervise/internal/sys"
)

// kernelLog is the reading end of /dev/kmsg: Documentation/ABI/testing/dev-kmsg. It reads
// what comes after it was opened.
type kernelLog struct {
	fd     int
	record [8192]byte // more than the kernel's PRINTKRB_RECORD_MAX
}

// openKernelLog returns nil if the log cannot be read (kernel.dmesg_restrict requires
// CAP_SYSLOG), or if its pids are not those of our PID namespace.
func openKernelLog() *kernelLog {
	if !inFirstNamespace() {
		return nil
	}
	fd, err := unix.Open("/dev/kmsg", unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	if _, err := unix.Seek(fd, 0, unix.SEEK_END); err != nil {
		_ = unix.Close(fd)
		return nil
	}
	return &kernelLog{fd: sys.DupHigh(fd)}
}

// inFirstNamespace reports whether our PID namespace is the initial one, which has a fixed
// inode number: PROC_PID_INIT_INO, include/linux/proc_ns.h.
func inFirstNamespace() bool {
	const first = 0xeffffffc
	var st unix.Stat_t
	return unix.Stat("/proc/self/ns/pid", &st) == nil && st.Ino == first
}

// maxRecords is how many records one drain reads, so that it ends even if somebody writes
// faster than we read.
const maxRecords = 1 << 16

// drain calls found for every kill that was logged since the last call. It returns false if
// some may be missing.
func (k *kernelLog) drain(found func(oomKill)) (whole bool) {
	whole = true
	for range maxRecords {
		n, err := unix.Read(k.fd, k.record[:])
		switch err {
		case nil:
			if kill, ok := parseKernelRecord(string(k.record[:n])); ok {
				found(kill)
			}
		case unix.EINTR:
		case unix.EPIPE: // overwritten before they were read
			whole = false
		case unix.EAGAIN:
			return whole
		default:
			return false
		}
	}
	return false
}

func (k *kernelLog) close() { _ = unix.Close(k.fd) }
