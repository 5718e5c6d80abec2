package rundir

import (
	"os"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/unix"

	"supervise/signals"
)

// From the kernel's uapi/asm-generic/fcntl.h and siginfo.h.
const (
	dnCreate, dnDelete, dnRename, dnMultishot = 0x4, 0x8, 0x10, 0x80000000

	ownerThread = 0 // F_OWNER_TID
	pollMessage = 3 // POLL_MSG
)

// Notify has the kernel send SIGIO to a thread of this process whenever [Dir.InPlace] may have become
// false, until the directory is closed: F_NOTIFY of fcntl(2). [IsNotice] tells that signal from
// others'. For that nobody waits, as for the end of [Dir.Watch], the descriptor of which takes up to 25
// milliseconds to close, also when a process ends. The error says that the kernel does not have it.
//
// The thread is to receive the signal with its siginfo. One that others send is not lost for it: theirs
// wait for the whole process.
func (d *Dir) Notify(tid int) error {
	// Also what is put in the place of the lock file.
	if err := notify(int(d.self.Fd()), tid, dnCreate|dnDelete|dnRename); err != nil {
		return err
	}
	// A parent directory that cannot be read cannot be watched; watch the others.
	for dir := d.Path; dir != filepath.Dir(dir); {
		dir = filepath.Dir(dir)
		fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
		if err != nil {
			continue
		}
		if notify(fd, tid, dnRename) != nil {
			_ = unix.Close(fd)
			continue
		}
		d.above = append(d.above, fd)
	}
	return nil
}

// notify asks for the signal about what happens in a directory that is open.
func notify(fd, tid int, events uint32) error {
	owner := struct{ kind, id int32 }{ownerThread, int32(tid)}
	if _, _, errno := unix.Syscall(unix.SYS_FCNTL, uintptr(fd), unix.F_SETOWN_EX, uintptr(unsafe.Pointer(&owner))); errno != 0 {
		return os.NewSyscallError("fcntl", errno)
	}
	_, err := unix.FcntlInt(uintptr(fd), unix.F_SETSIG, int(signals.SIGIO)) // otherwise it comes without siginfo
	if err == nil {
		_, err = unix.FcntlInt(uintptr(fd), unix.F_NOTIFY, int(events|dnMultishot))
	}
	return os.NewSyscallError("fcntl", err)
}

// IsNotice reports whether a signal is from [Dir.Notify]. Nobody can send one like it: the code is
// one of the kernel's, for directories alone.
func IsNotice(info signals.Info) bool {
	return info.Signal == signals.SIGIO && info.Code == pollMessage
}
