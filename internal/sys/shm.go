package sys

import (
	"syscall"
	"unsafe"
)

// ShmReadOnly attaches a segment for reading alone: linux/shm.h.
const ShmReadOnly = 0o10000

// shmStatus is the part of struct shmid64_ds that is needed, of
// include/uapi/asm-generic/shmbuf.h as 64-bit architectures have it; what follows is only
// room for the rest.
type shmStatus struct {
	perm IPCPerm
	size uint64
	_    [8]uint64
}

// ShmAttach maps a segment of shared memory, whole, until [ShmDetach]. EINVAL says that
// there is none of that id, EIDRM that it was removed, EACCES that it is for others.
// shmat(2); the size is what IPC_STAT of shmctl(2) says, which takes the permission to read.
func ShmAttach(id, flags int) (memory []byte, err error) {
	at, _, errno := syscall.RawSyscall(syscall.SYS_SHMAT, uintptr(id), 0, uintptr(flags))
	if errno != 0 {
		return nil, errno
	}
	// The id cannot become another segment's any more.
	var status shmStatus
	if _, _, errno = syscall.RawSyscall(syscall.SYS_SHMCTL, uintptr(id), ipcStat, uintptr(unsafe.Pointer(&status))); errno != 0 {
		_, _, _ = syscall.RawSyscall(syscall.SYS_SHMDT, at, 0, 0)
		return nil, errno
	}
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&at)), status.size), nil
}

// ShmDetach unmaps what [ShmAttach] has returned. shmdt(2).
func ShmDetach(memory []byte) error {
	_, _, errno := syscall.RawSyscall(syscall.SYS_SHMDT, uintptr(unsafe.Pointer(unsafe.SliceData(memory))), 0, 0)
	return wrap(errno)
}
