package socket

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// soPeerPIDFD is SO_PEERPIDFD, Linux 6.5: the same on amd64 and arm64.
const soPeerPIDFD = 77

// Peer returns a pidfd of the process at the other end, which is close-on-exec, and its pid,
// uid and gid at the time it connected. The pid is 0 if it has none in our namespace. The
// error is only about the pidfd, which is -1 then.
func Peer(conn int) (pidfd int, cred unix.Ucred, err error) {
	if c, err := unix.GetsockoptUcred(conn, unix.SOL_SOCKET, unix.SO_PEERCRED); err == nil {
		cred = *c
	}
	pidfd, err = unix.GetsockoptInt(conn, unix.SOL_SOCKET, soPeerPIDFD)
	if err != nil {
		return -1, cred, fmt.Errorf("whose core it is cannot be had: %w", os.NewSyscallError("SO_PEERPIDFD", err))
	}
	unix.CloseOnExec(pidfd)
	return pidfd, cred, nil
}

// Dumped says how a process dumps core: PIDFD_COREDUMP_* in include/uapi/linux/pidfd.h.
type Dumped uint32

// The bits of Dumped.
const (
	DidDump  Dumped = 1 << iota // it dumps, or has dumped
	DidSkip                     // it ended by a signal that dumps core, and did not
	AsUser                      // it is dumpable, for its user to read: PR_SET_DUMPABLE 1
	RootOnly                    // for root alone, 2
)

// Info is what PIDFD_GET_INFO says of a process.
type Info struct {
	PID, PPID              int // in our PID namespace
	UID, EUID, SUID, FSUID uint32
	GID, EGID, SGID, FSGID uint32
	Cgroup                 uint64 // its id, the inode of its directory; 0 if it is not known

	Exited bool // and was reaped; ExitCode, the wait status, is known
	Exit   int

	HasDumped bool // Linux 6.16: Dumped is known
	Dumped    Dumped
	Signal    int // that it dumps core of, Linux 6.19; 0 if it is not known
}

// rawInfo is struct pidfd_info as of Linux 6.18, which the kernel fills as far as it knows it.
type rawInfo struct {
	mask, cgroup                       uint64
	pid, tgid, ppid                    uint32
	ruid, rgid, euid, egid, suid, sgid uint32
	fsuid, fsgid                       uint32
	exit                               int32
	dumped, signal                     uint32
	supported                          uint64
}

// Bits of rawInfo.mask: PIDFD_INFO_*.
const (
	infoPID      = 1 << 0
	infoCreds    = 1 << 1
	infoCgroup   = 1 << 2
	infoExit     = 1 << 3
	infoCoredump = 1 << 4
	infoSignal   = 1 << 6 // PIDFD_INFO_COREDUMP_SIGNAL
)

// getInfo is PIDFD_GET_INFO: _IOWR(0xff, 11, struct pidfd_info).
const getInfo = 3<<30 | uint(unsafe.Sizeof(rawInfo{}))<<16 | 0xff<<8 | 11

// ErrNoInfo says that the kernel has no PIDFD_GET_INFO: Linux 6.13.
var ErrNoInfo = errors.New("the kernel does not know PIDFD_GET_INFO")

// GetInfo asks the kernel about the process of a pidfd. Of one that was reaped only Exit and
// Dumped are known; ESRCH means that not even these are.
func GetInfo(pidfd int) (Info, error) {
	raw := rawInfo{mask: infoPID | infoCreds | infoCgroup | infoExit | infoCoredump | infoSignal}
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(pidfd), uintptr(getInfo), uintptr(unsafe.Pointer(&raw)))
	switch errno {
	case 0:
	case unix.ENOTTY, unix.EINVAL:
		return Info{}, ErrNoInfo
	default:
		return Info{}, os.NewSyscallError("PIDFD_GET_INFO", errno)
	}
	info := Info{
		PID: int(raw.tgid), PPID: int(raw.ppid), Cgroup: raw.cgroup,
		UID: raw.ruid, EUID: raw.euid, SUID: raw.suid, FSUID: raw.fsuid,
		GID: raw.rgid, EGID: raw.egid, SGID: raw.sgid, FSGID: raw.fsgid,
		Exited: raw.mask&infoExit != 0, Exit: int(raw.exit),
		HasDumped: raw.mask&infoCoredump != 0, Dumped: Dumped(raw.dumped),
	}
	if raw.mask&infoSignal != 0 {
		info.Signal = int(raw.signal)
	}
	return info, nil
}
