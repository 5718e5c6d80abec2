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
	dnDelete, dnRename = 0x8, 0x10

	ownerThread = 0 // F_OWNER_TID
	pollMessage = 3 // POLL_MSG
)

// Notify has the kernel send SIGIO to a thread of this process when [Dir.InPlace] may have become
// false: F_NOTIFY of fcntl(2). [IsNotice] tells that signal from others'. Then [Dir.NotifyAgain] is to be
// called, after a while: where others remove files all the time, each would be a notice. The error says
// that the kernel does not have it.
//
// It ends at once with the directory, or the process. The descriptor of [Dir.Watch] takes up to 25
// milliseconds to close, for which also the end of a process waits.
//
// The thread is to receive the signal with its siginfo. One that others send is not lost for it: theirs
// wait for the whole process.
func (d *Dir) Notify(tid int) error {
	if err := own(int(d.self.Fd()), tid); err != nil {
		return err
	}
	if err := d.notifySelf(); err != nil {
		return err
	}
	// A parent directory that cannot be read cannot be watched; watch the others.
	for dir := d.Path; dir != filepath.Dir(dir); {
		dir = filepath.Dir(dir)
		fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
		if err != nil {
			continue
		}
		if own(fd, tid) != nil {
			_ = unix.Close(fd)
			continue
		}
		d.above = append(d.above, fd)
	}
	d.notifyAbove()
	return nil
}

// NotifyAgain asks for the next notice. What has happened since the last one is not told any more.
func (d *Dir) NotifyAgain() {
	_ = d.notifySelf()
	d.notifyAbove()
}

// notifySelf asks to be told of the lock file. What is made in the directory is ours, and no news.
func (d *Dir) notifySelf() error {
	_, err := unix.FcntlInt(d.self.Fd(), unix.F_NOTIFY, dnDelete|dnRename)
	return os.NewSyscallError("fcntl", err)
}

// notifyAbove asks to be told of directories that are moved, within the one that they are in or out
// of it.
func (d *Dir) notifyAbove() {
	for _, fd := range d.above {
		_, _ = unix.FcntlInt(uintptr(fd), unix.F_NOTIFY, dnDelete|dnRename)
	}
}

// own has notices about an open directory sent to a thread, with their siginfo.
func own(fd, tid int) error {
	owner := struct{ kind, id int32 }{ownerThread, int32(tid)}
	if _, _, errno := unix.Syscall(unix.SYS_FCNTL, uintptr(fd), unix.F_SETOWN_EX, uintptr(unsafe.Pointer(&owner))); errno != 0 {
		return os.NewSyscallError("fcntl", errno)
	}
	_, err := unix.FcntlInt(uintptr(fd), unix.F_SETSIG, int(signals.SIGIO))
	return os.NewSyscallError("fcntl", err)
}

// IsNotice reports whether a signal is from [Dir.Notify]. Nobody can send one like it: the code is
// one of the kernel's, for directories alone.
func IsNotice(info signals.Info) bool {
	return info.Signal == signals.SIGIO && info.Code == pollMessage
}
