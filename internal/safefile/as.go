package safefile

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// User is a user as the kernel knows one.
type User struct {
	UID, GID uint32
	Groups   []uint32
}

// ReadAs returns what is in a regular file of at most limit bytes that a user may read. Links
// are followed, whosever they are, but for those of /proc to what a process has open.
func ReadAs(who User, path string, limit int) (text []byte, err error) {
	failed := As(who, func() { text, err = readOwn(path, limit) })
	if failed != nil {
		return nil, fmt.Errorf("cannot become uid %d to read it: %w", who.UID, failed)
	}
	if err != nil {
		return nil, fmt.Errorf("read as uid %d, whose service it is for: %w", who.UID, unnamed(path, err))
	}
	return text, nil
}

// ErrNotBecome says that this process has not the right to become another user.
var ErrNotBecome = errors.New("cannot become another user")

// AccessAs says why a user may not read, write, or execute a file, or search a directory: mode
// is R_OK, W_OK, X_OK of access(2), or several. It opens nothing. The error is that of the
// kernel, or wraps [ErrNotBecome].
func AccessAs(who User, path string, mode uint32) (err error) {
	failed := As(who, func() { err = unix.Faccessat(unix.AT_FDCWD, path, mode, unix.AT_EACCESS) })
	if failed != nil {
		return fmt.Errorf("%w, uid %d: %w", ErrNotBecome, who.UID, failed)
	}
	return err
}

func readOwn(path string, limit int) ([]byte, error) {
	how := unix.OpenHow{Flags: reading, Resolve: unix.RESOLVE_NO_MAGICLINKS}
	fd, err := unix.Openat2(unix.AT_FDCWD, path, &how)
	for err == unix.EINTR || err == unix.EAGAIN {
		fd, err = unix.Openat2(unix.AT_FDCWD, path, &how)
	}
	if noOpenat2(err) {
		fd, err = openAt(unix.AT_FDCWD, path, reading)
	}
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	return readRegular(fd, path, limit)
}

// noOpenat2 reports whether the system call is not there, or a seccomp filter refuses it: a
// file is refused by EACCES.
func noOpenat2(err error) bool { return errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) }

// As runs f with the rights of a user on files, and no capabilities. These belong to the
// thread (credentials(7)); one that cannot be given back its own ends with its goroutine.
func As(who User, f func()) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		before, err := become(who)
		if err == nil {
			f()
		}
		if before.restore() == nil {
			runtime.UnlockOSThread()
		}
		done <- err
	}()
	return <-done
}

// rights are those of a thread on files: what of them was changed, to be given back.
type rights struct {
	groups   []uint32
	gid, uid int
	caps     [2]unix.CapUserData
	changed  bool // the groups and what follows
}

var capHeader = unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}

// become gives the calling thread the rights of a user. It goes from setgroups(2), which
// takes the capability, to capset(2), which gives all of them up.
func become(who User) (before rights, err error) {
	groups, err := syscall.Getgroups()
	if err != nil {
		return before, os.NewSyscallError("getgroups", err)
	}
	for _, g := range groups {
		before.groups = append(before.groups, uint32(g))
	}
	header := capHeader
	if err := unix.Capget(&header, &before.caps[0]); err != nil {
		return before, os.NewSyscallError("capget", err)
	}
	before.gid, before.uid, before.changed = os.Getegid(), os.Geteuid(), true
	if err := setGroups(who.Groups); err != nil {
		return before, err
	}
	if err := setFS(unix.SYS_SETFSGID, int(who.GID)); err != nil {
		return before, err
	}
	if err := setFS(unix.SYS_SETFSUID, int(who.UID)); err != nil {
		return before, err
	}
	none := before.caps
	none[0].Effective, none[1].Effective = 0, 0
	header = capHeader
	return before, os.NewSyscallError("capset", unix.Capset(&header, &none[0]))
}

// restore gives the thread back what it had.
func (r *rights) restore() error {
	if !r.changed {
		return nil
	}
	header := capHeader
	err := os.NewSyscallError("capset", unix.Capset(&header, &r.caps[0]))
	if err == nil {
		err = setFS(unix.SYS_SETFSUID, r.uid)
	}
	if err == nil {
		err = setFS(unix.SYS_SETFSGID, r.gid)
	}
	if err == nil {
		err = setGroups(r.groups)
	}
	if err == nil {
		header = capHeader
		err = os.NewSyscallError("capset", unix.Capset(&header, &r.caps[0]))
	}
	return err
}

// setGroups is setgroups(2) for the calling thread alone.
func setGroups(groups []uint32) error {
	var first unsafe.Pointer
	if len(groups) > 0 {
		first = unsafe.Pointer(&groups[0])
	}
	if _, _, errno := unix.RawSyscall(unix.SYS_SETGROUPS, uintptr(len(groups)), uintptr(first), 0); errno != 0 {
		return os.NewSyscallError("setgroups", errno)
	}
	return nil
}

// setFS is setfsuid(2) or setfsgid(2), which return the id that was, and do not say whether
// they have set another. A second call that sets nothing says so.
func setFS(call uintptr, id int) error {
	const nothing = ^uintptr(0)
	_, _, _ = unix.RawSyscall(call, uintptr(id), 0, 0)
	if now, _, _ := unix.RawSyscall(call, nothing, 0, 0); uint32(now) != uint32(id) {
		return os.NewSyscallError("setfsuid or setfsgid", unix.EPERM)
	}
	return nil
}
