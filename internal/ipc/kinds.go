package ipc

import (
	"golang.org/x/sys/unix"

	"supervise/internal/sys"
)

// Kind is a kind of System V object, as [Claim] needs it.
type Kind interface {
	// get is the kind's get call, with the mode 0600.
	get(key int32, flags int) (id int, err error)
	// mark makes the calling process the last user of a new object.
	mark(id int) error
	// user returns the pid of the last process that did what only the owner does, or 0 if
	// there is no such thing.
	user(id int) (pid int, err error)
	// stamp is a number that a later object with the same id does not have.
	stamp(id int) (int64, error)
	remove(id int) error
	// allow sets group and mode.
	allow(id int, perm Permission) error
}

// Permission says who besides the owner may use an object.
type Permission struct {
	Mode  uint32 // nine bits; those for execution mean nothing
	Group int    // -1 keeps the process's own
}

// Queue is a message queue. Owned says that only its owner receives from it.
type Queue struct{ Owned bool }

func (Queue) get(key int32, flags int) (int, error) { return sys.MsgGet(key, flags|0o600) }
func (Queue) remove(id int) error                   { return sys.MsgRemove(id) }

// mark sends a message and takes it back: that sets msg_lrpid to the owner's pid.
func (Queue) mark(id int) error {
	buffer := make([]byte, sys.MsgHead)
	sys.SetMsgType(buffer, 1)
	if err := sys.MsgSend(id, buffer, sys.IPCNoWait); err != nil {
		return err
	}
	_, err := sys.MsgReceive(id, buffer, 0, sys.IPCNoWait)
	return err
}

func (q Queue) user(id int) (int, error) {
	stat, err := sys.MsgStat(id)
	if !q.Owned {
		stat.LastReceiver = 0
	}
	return int(stat.LastReceiver), err
}

func (Queue) stamp(id int) (int64, error) {
	stat, err := sys.MsgStat(id)
	return stat.ChangeTime, err
}

func (Queue) allow(id int, perm Permission) error {
	stat, err := sys.MsgStat(id)
	if err != nil {
		return err
	}
	setPermission(&stat.Perm.GID, &stat.Perm.Mode, perm)
	return sys.MsgSet(id, stat)
}

// Semaphores is a set of that many semaphores, which only its owner changes.
type Semaphores int

func (n Semaphores) get(key int32, flags int) (int, error) {
	return sys.SemGet(key, int(n), flags|0o600)
}
func (Semaphores) remove(id int) error { return sys.SemRemove(id) }

// mark sets all values to 0, which they already are: that sets sempid to the owner's pid.
func (n Semaphores) mark(id int) error { return sys.SemSetValues(id, make([]uint16, n)) }

func (Semaphores) user(id int) (int, error) { return sys.SemLastPID(id, 0) }

func (n Semaphores) stamp(id int) (int64, error) {
	pid, err := n.user(id)
	return int64(pid), err
}

func (Semaphores) allow(id int, perm Permission) error {
	now, err := sys.SemPerm(id)
	if err != nil {
		return err
	}
	setPermission(&now.GID, &now.Mode, perm)
	return sys.SemSetPerm(id, now)
}

// Memory is a segment of that many bytes; its creator is its owner.
type Memory int

func (n Memory) get(key int32, flags int) (int, error) {
	return unix.SysvShmGet(int(key), int(n), flags|0o600)
}
func (Memory) mark(int) error { return nil }

func (Memory) remove(id int) error {
	_, err := unix.SysvShmCtl(id, unix.IPC_RMID, nil)
	return err
}

func (Memory) user(id int) (int, error) {
	var desc unix.SysvShmDesc
	_, err := unix.SysvShmCtl(id, unix.IPC_STAT, &desc)
	return int(desc.Cpid), err
}

func (Memory) stamp(id int) (int64, error) {
	var desc unix.SysvShmDesc
	_, err := unix.SysvShmCtl(id, unix.IPC_STAT, &desc)
	return desc.Ctime, err
}

func (Memory) allow(id int, perm Permission) error {
	var desc unix.SysvShmDesc
	if _, err := unix.SysvShmCtl(id, unix.IPC_STAT, &desc); err != nil {
		return err
	}
	setPermission(&desc.Perm.Gid, &desc.Perm.Mode, perm)
	_, err := unix.SysvShmCtl(id, unix.IPC_SET, &desc)
	return err
}

func setPermission(group, mode *uint32, perm Permission) {
	*mode = perm.Mode & 0o777
	if perm.Group >= 0 {
		*group = uint32(perm.Group)
	}
}
