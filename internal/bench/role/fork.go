package role

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The children here are forked without exec, as thousands of them are needed. A child of a
// process with several threads has only the calling one, so that nothing of the Go runtime
// works in it: until it exits it may make raw system calls, and call nothing that grows the
// stack or could be preempted. go:nosplit lets the compiler watch over that.

// forkParent forks a child that has as many children as pids has room for, waits until all
// are zombies, writes their pids to told, and exits once let can be read. It returns the
// child's pid or a negated errno.
//
//go:nosplit
//go:norace
func forkParent(pids []int32, told, let uintptr) int {
	if pid := fork(); pid != 0 {
		return pid
	}
	for i := range pids {
		pid := fork()
		if pid == 0 {
			exit(0)
		}
		if pid < 0 {
			exit(1)
		}
		pids[i] = int32(pid)
	}
	for i := range pids {
		// Leaves the zombie where it is: WNOWAIT.
		syscall.RawSyscall6(syscall.SYS_WAITID, unix.P_PID, uintptr(pids[i]), 0, unix.WEXITED|unix.WNOWAIT, 0, 0)
	}
	base, size := uintptr(unsafe.Pointer(unsafe.SliceData(pids))), uintptr(len(pids))*4
	for size > 0 {
		n, _, errno := syscall.RawSyscall(syscall.SYS_WRITE, told, base, size)
		if errno != 0 {
			exit(1)
		}
		base, size = base+n, size-n
	}
	await(let)
	exit(0)
	return 0
}

// forkOrphan forks a child that has one child, writes its pid to told, and exits. The
// grandchild exits once let can be read.
//
//go:nosplit
//go:norace
func forkOrphan(told, let uintptr) int {
	if pid := fork(); pid != 0 {
		return pid
	}
	pid := int32(fork())
	if pid == 0 {
		await(let)
		exit(0)
	}
	syscall.RawSyscall(syscall.SYS_WRITE, told, uintptr(unsafe.Pointer(&pid)), 4)
	exit(0)
	return 0
}

//go:nosplit
//go:norace
func fork() int {
	pid, _, errno := syscall.RawSyscall6(syscall.SYS_CLONE, uintptr(syscall.SIGCHLD), 0, 0, 0, 0, 0)
	if errno != 0 {
		return -int(errno)
	}
	return int(pid)
}

// await returns when the pipe has a byte, or no writer any more.
//
//go:nosplit
//go:norace
func await(fd uintptr) {
	var b byte
	syscall.RawSyscall(syscall.SYS_READ, fd, uintptr(unsafe.Pointer(&b)), 1)
}

//go:nosplit
//go:norace
func exit(status uintptr) {
	syscall.RawSyscall(syscall.SYS_EXIT_GROUP, status, 0, 0)
}

// pipe is a pipe that children inherit over fork.
type pipe struct{ read, write uintptr }

func pipes() (told, let pipe, err error) {
	for _, p := range []*pipe{&told, &let} {
		var fds [2]int
		if err := syscall.Pipe2(fds[:], syscall.O_CLOEXEC); err != nil {
			return told, let, os.NewSyscallError("pipe2", err)
		}
		*p = pipe{uintptr(fds[0]), uintptr(fds[1])}
	}
	return told, let, nil
}

// release lets one process go that awaits the pipe.
func (p pipe) release() error {
	_, err := syscall.Write(int(p.write), []byte{1})
	return os.NewSyscallError("write", err)
}

func closeAll(pipes ...pipe) {
	for _, p := range pipes {
		_ = syscall.Close(int(p.read))
		_ = syscall.Close(int(p.write))
	}
}

// readAll fills pids from a pipe. It waits for the child no longer than patience.
func readAll(fd uintptr, pids []int32) error {
	buffer := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(pids))), len(pids)*4)
	deadline := time.Now().Add(patience)
	for len(buffer) > 0 {
		ready := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		if n, err := unix.Poll(ready, int(time.Until(deadline).Milliseconds())); err == unix.EINTR {
			continue
		} else if err != nil {
			return os.NewSyscallError("poll", err)
		} else if n == 0 {
			return fmt.Errorf("nothing heard within %v", patience)
		}
		n, err := syscall.Read(int(fd), buffer)
		if err != nil {
			return os.NewSyscallError("read", err)
		}
		if n == 0 {
			return io.ErrUnexpectedEOF
		}
		buffer = buffer[n:]
	}
	runtime.KeepAlive(pids)
	return nil
}

// untilGone waits until a process is reaped. No event says so; it polls every 50 µs, which is
// the error of the measured time.
func untilGone(pid int, deadline time.Time) error {
	for syscall.Kill(pid, 0) != syscall.ESRCH {
		if time.Now().After(deadline) {
			return fmt.Errorf("process %d was not reaped within %v", pid, patience)
		}
		_ = unix.Nanosleep(&unix.Timespec{Nsec: 50_000}, nil)
	}
	return nil
}

func reap(pid int) error {
	for {
		_, err := syscall.Wait4(pid, nil, 0, nil)
		if err != syscall.EINTR {
			return os.NewSyscallError("wait4", err)
		}
	}
}
