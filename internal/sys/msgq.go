package sys

import (
	"syscall"
	"unsafe"

	"supervise/signals/relay/kernel"
)

// MsgHead is how many bytes at the start of a message's buffer hold its type, a long.
// [MsgSend] and [MsgReceive] expect it there. It does not count towards the size of a message
// (msgmax) or of a queue (msg_qbytes).
const MsgHead = 8

// MsgQueue is what msgctl(2) returns about a queue: struct msqid64_ds of
// include/uapi/asm-generic/msgbuf.h on 64-bit architectures.
type MsgQueue struct {
	Perm         IPCPerm
	SendTime     int64 // seconds since 1970, as the following two
	ReceiveTime  int64
	ChangeTime   int64
	Bytes        uint64 // in the queue now
	Messages     uint64 // in the queue now
	MaxBytes     uint64 // msg_qbytes
	LastSender   int32  // pid in the caller's namespace; 0 for none
	LastReceiver int32
	_            [2]uint64
}

// MsgGet returns the id of the queue with a key. EEXIST, ENOENT, EACCES, ENOSPC: msgget(2).
func MsgGet(key int32, flags int) (id int, err error) {
	r, _, errno := syscall.RawSyscall(syscall.SYS_MSGGET, uintptr(key), uintptr(flags), 0)
	if errno != 0 {
		return -1, errno
	}
	return int(r), nil
}

// SetMsgType writes a message's type, which must be above 0, into the head of its buffer.
func SetMsgType(buffer []byte, mtype int64) {
	copy(buffer[:MsgHead], (*[MsgHead]byte)(unsafe.Pointer(&mtype))[:])
}

// MsgType reads the type.
func MsgType(buffer []byte) (mtype int64) {
	copy((*[MsgHead]byte)(unsafe.Pointer(&mtype))[:], buffer)
	return mtype
}

// MsgSend sends the message that follows the head of the buffer. If the queue is full, the
// call waits, or with IPCNoWait returns EAGAIN. The kernel never restarts it after EINTR.
// EIDRM says that the queue was removed, EINVAL also that it never existed. msgsnd(2).
func MsgSend(id int, buffer []byte, flags int) error {
	call := syscall.Syscall6
	if flags&IPCNoWait != 0 {
		call = syscall.RawSyscall6
	}
	_, _, errno := call(syscall.SYS_MSGSND, uintptr(id), uintptr(unsafe.Pointer(&buffer[0])),
		uintptr(len(buffer)-MsgHead), uintptr(flags), 0, 0)
	return wrap(errno)
}

// MsgReceive takes the first message of type mtype from a queue, or with 0 the first of any
// type, and returns its length without the head. If there is none, the call waits, or with
// IPCNoWait returns ENOMSG. E2BIG leaves a message that is too long where it is. EINTR and
// EIDRM are as for [MsgSend]. msgrcv(2).
func MsgReceive(id int, buffer []byte, mtype int64, flags int) (n int, err error) {
	call := syscall.Syscall6
	if flags&IPCNoWait != 0 {
		call = syscall.RawSyscall6
	}
	r, _, errno := call(syscall.SYS_MSGRCV, uintptr(id), uintptr(unsafe.Pointer(&buffer[0])),
		uintptr(len(buffer)-MsgHead), uintptr(mtype), uintptr(flags), 0)
	if errno != 0 {
		return 0, errno
	}
	return int(r), nil
}

// MsgStat returns information about a queue; it needs read permission. msgctl(2), IPC_STAT.
func MsgStat(id int) (queue MsgQueue, err error) {
	return queue, msgControl(id, ipcStat, &queue)
}

// MsgSet changes owner, group, mode and MaxBytes of a queue, for its owner and creator only.
// More than /proc/sys/kernel/msgmnb bytes needs CAP_SYS_RESOURCE. msgctl(2), IPC_SET.
func MsgSet(id int, queue MsgQueue) error { return msgControl(id, ipcSet, &queue) }

// MsgRemove removes a queue and wakes everybody who waits for it, with EIDRM. msgctl(2),
// IPC_RMID.
func MsgRemove(id int) error { return msgControl(id, ipcRemove, nil) }

func msgControl(id, command int, queue *MsgQueue) error {
	_, _, errno := syscall.RawSyscall(syscall.SYS_MSGCTL, uintptr(id), uintptr(command), uintptr(unsafe.Pointer(queue)))
	return wrap(errno)
}

// SendBare and ReceiveBare are [MsgSend] and [MsgReceive] with an errno.
func SendBare(id int, buffer []byte, flags int) syscall.Errno {
	return kernel.Errno(kernel.Call(syscall.SYS_MSGSND, uintptr(id), uintptr(unsafe.Pointer(unsafe.SliceData(buffer))),
		uintptr(len(buffer)-MsgHead), uintptr(flags), 0))
}

// ReceiveBare returns the message with its head.
func ReceiveBare(id int, buffer []byte, mtype int64, flags int) (message []byte, errno syscall.Errno) {
	n := kernel.Call(syscall.SYS_MSGRCV, uintptr(id), uintptr(unsafe.Pointer(unsafe.SliceData(buffer))),
		uintptr(len(buffer)-MsgHead), uintptr(mtype), uintptr(flags))
	if errno = kernel.Errno(n); errno != 0 {
		return nil, errno
	}
	return buffer[:MsgHead+int(n)], 0
}
