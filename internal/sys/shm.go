package sys

import (
	"syscall"
	"unsafe"

	"supervise/signals/relay/kernel"
)

// ShmReadOnly attaches a segment read-only: linux/shm.h.
const ShmReadOnly = 0o10000

// shmStatus is the part of struct shmid64_ds that we need, of
// include/uapi/asm-generic/shmbuf.h on 64-bit architectures; what follows only makes room for
// the rest.
type shmStatus struct {
	perm IPCPerm
	size uint64
	_    [8]uint64
}

// ShmAttach maps a whole segment of shared memory until [ShmDetach]. EINVAL says that no
// segment has the id, EIDRM that it was removed, EACCES that permission is missing. shmat(2).
// The size comes from IPC_STAT of shmctl(2), which needs read permission.
func ShmAttach(id, flags int) (memory []byte, err error) {
	memory, errno := Attach(id, flags)
	return memory, wrap(errno)
}

// Attach is [ShmAttach] with an errno.
func Attach(id, flags int) (memory []byte, errno syscall.Errno) {
	at := kernel.Call(syscall.SYS_SHMAT, uintptr(id), 0, uintptr(flags), 0, 0)
	if errno = kernel.Errno(at); errno != 0 {
		return nil, errno
	}
	// While it is attached, the id cannot become another segment's.
	var status shmStatus
	if errno = kernel.Errno(kernel.Call(syscall.SYS_SHMCTL, uintptr(id), ipcStat, uintptr(unsafe.Pointer(&status)), 0, 0)); errno != 0 {
		kernel.Call(syscall.SYS_SHMDT, at, 0, 0, 0, 0)
		return nil, errno
	}
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&at)), status.size), 0
}

// ShmDetach unmaps what [ShmAttach] returned. shmdt(2).
func ShmDetach(memory []byte) error {
	_, _, errno := syscall.RawSyscall(syscall.SYS_SHMDT, uintptr(unsafe.Pointer(unsafe.SliceData(memory))), 0, 0)
	return wrap(errno)
}
