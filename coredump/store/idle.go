package store

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// From linux/ioprio.h.
const (
	ioprioWhoProcess = 1 // of one thread, as its id is given
	ioprioClassIdle  = 3
	ioprioClassShift = 13
)

// idle gives the thread of a goroutine what nobody else wants of the processors and the disk:
// SCHED_IDLE of sched(7), and the idle class of ioprio_set(2). It stays with the thread, so the
// thread ends with the goroutine.
func idle() {
	runtime.LockOSThread()
	_ = unix.SchedSetAttr(0, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_IDLE}, 0)
	_, _, _ = unix.Syscall(unix.SYS_IOPRIO_SET, ioprioWhoProcess, 0, ioprioClassIdle<<ioprioClassShift)
}
