package sys

import (
	"syscall"
	"unsafe"
)

// Commands of semctl(2): linux/sem.h.
const (
	semGetPID = 11
	semGetAll = 13
	semSetAll = 17
)

// SemOp is one operation of semop(2), struct sembuf. Op above 0 adds; below 0 it subtracts,
// and waits until that is possible; 0 waits for the value 0, for which read permission is
// enough.
type SemOp struct {
	Num   uint16
	Op    int16
	Flags int16 // IPCNoWait: EAGAIN instead of waiting
}

// semStatus is the part of struct semid64_ds that is the same on all architectures; what
// follows only makes room for the rest.
type semStatus struct {
	perm IPCPerm
	_    [10]uint64
}

// SemGet returns the id of the set of n semaphores with a key. EEXIST, ENOENT, EACCES,
// ENOSPC: semget(2).
func SemGet(key int32, n, flags int) (id int, err error) {
	r, _, errno := syscall.RawSyscall(syscall.SYS_SEMGET, uintptr(key), uintptr(n), uintptr(flags))
	if errno != 0 {
		return -1, errno
	}
	return int(r), nil
}

// SemTry does all operations at once, or none: EAGAIN if one would have to wait. It sets
// IPCNoWait in each; a timeout of 0 would also do, but makes the caller queue for a moment,
// where a signal causes EINTR. semop(2).
func SemTry(id int, ops []SemOp) error {
	for i := range ops {
		ops[i].Flags |= IPCNoWait
	}
	_, _, errno := syscall.RawSyscall6(syscall.SYS_SEMTIMEDOP, uintptr(id), uintptr(unsafe.Pointer(&ops[0])), uintptr(len(ops)), 0, 0, 0)
	return wrap(errno)
}

// SemWait does all operations at once as soon as that is possible. The kernel tries them in
// order, and again after each change of the set. At the first that is not possible the call
// waits, or with IPCNoWait returns EAGAIN. EAGAIN also means that the timeout, in
// nanoseconds, has passed; EIDRM that the set was removed. The kernel never restarts the call
// after EINTR. semtimedop(2).
func SemWait(id int, ops []SemOp, timeout int64) error {
	limit := syscall.NsecToTimespec(max(timeout, 0))
	_, _, errno := syscall.Syscall6(syscall.SYS_SEMTIMEDOP, uintptr(id), uintptr(unsafe.Pointer(&ops[0])),
		uintptr(len(ops)), uintptr(unsafe.Pointer(&limit)), 0, 0)
	return wrap(errno)
}

// SemValues reads the values of all semaphores of a set at one moment; it needs read
// permission. values must be as long as the set. semctl(2), GETALL.
func SemValues(id int, values []uint16) error {
	_, err := semControl(id, 0, semGetAll, unsafe.Pointer(&values[0]))
	return err
}

// SemSetValues sets all values at one moment. semctl(2), SETALL.
func SemSetValues(id int, values []uint16) error {
	_, err := semControl(id, 0, semSetAll, unsafe.Pointer(&values[0]))
	return err
}

// SemLastPID returns the pid that changed a semaphore last, 0 for none. semctl(2), GETPID.
func SemLastPID(id, num int) (pid int, err error) { return semControl(id, num, semGetPID, nil) }

// SemPerm returns who may use a set. semctl(2), IPC_STAT.
func SemPerm(id int) (IPCPerm, error) {
	var status semStatus
	_, err := semControl(id, 0, ipcStat, unsafe.Pointer(&status))
	return status.perm, err
}

// SemSetPerm changes owner, group and mode of a set, for its owner and creator only.
// semctl(2), IPC_SET.
func SemSetPerm(id int, perm IPCPerm) error {
	_, err := semControl(id, 0, ipcSet, unsafe.Pointer(&semStatus{perm: perm}))
	return err
}

// SemRemove removes a set and wakes everybody who waits for it, with EIDRM. semctl(2),
// IPC_RMID.
func SemRemove(id int) error {
	_, err := semControl(id, 0, ipcRemove, nil)
	return err
}

func semControl(id, num, command int, arg unsafe.Pointer) (int, error) {
	r, _, errno := syscall.RawSyscall6(syscall.SYS_SEMCTL, uintptr(id), uintptr(num), uintptr(command), uintptr(arg), 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(r), nil
}
