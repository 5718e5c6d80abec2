package sys

import "syscall"

// Flags of msgget(2), semget(2), msgsnd(2) and msgrcv(2): linux/ipc.h, linux/msg.h. The low
// nine bits of a get call's flags are the mode of the new object.
const (
	IPCCreate    = 0o1000
	IPCExclusive = 0o2000
	IPCNoWait    = 0o4000

	// MsgNoError truncates a message that is longer than the buffer. Without it the message
	// stays where it is, and the call returns E2BIG.
	MsgNoError = 0o10000
)

// IPCPrivate is the key of an object without one: every call makes a new object.
const IPCPrivate int32 = 0

// Commands of msgctl(2) and semctl(2).
const (
	ipcRemove = 0
	ipcSet    = 1
	ipcStat   = 2
)

// IPCPerm says who may use a System V object: struct ipc64_perm of
// include/uapi/asm-generic/ipcbuf.h on 64-bit architectures. A set call changes UID, GID and
// the low nine bits of Mode.
type IPCPerm struct {
	Key        int32
	UID, GID   uint32
	CUID, CGID uint32 // of its creator
	Mode       uint32
	Seq        uint16
	_          uint16
	_          [2]uint64
}

// Ftok makes a key from a file as ftok(3) of glibc does: 16 bits of its inode, 8 of its
// device and the 8 of the project. Two files of one device can therefore have the same key.
func Ftok(st *syscall.Stat_t, project byte) (key int32) {
	return int32(uint32(st.Ino&0xffff) | uint32(st.Dev&0xff)<<16 | uint32(project)<<24)
}
