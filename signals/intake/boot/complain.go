//go:build linux && (amd64 || arm64)

package boot

import (
	"sync/atomic"
	"unsafe"
)

// complaint is put into the runtime's overrideWrite by the entry point: runtime/time_nofake.go.
//
//lint:ignore U1000 used from assembly
var complaint = complain

// What the runtime begins to write when it ends the process for want of something that only
// others can give: newosproc in runtime/os_linux.go, checkfds in runtime/fds_unix.go,
// netpollinit in runtime/netpoll_epoll.go, and, behind a first write of fatal alone, sysInit
// in runtime/mpagealloc_64bit.go and sysAlloc in runtime/malloc.go.
const (
	noThread     = "runtime: failed to create new OS thread"
	noDescriptor = "runtime: standard file descriptor "
	noPoller     = "runtime: epollcreate failed"
	noWakeup     = "runtime: eventfd failed"
	fatal        = "fatal error: "
	noSpace      = "failed to reserve page summary memory"
	noArena      = "out of memory allocating heap arena map"
)

// Instead, if it is set before the runtime starts, is called when that cannot start, and does not
// return.
var Instead func()

// begun is who goes on with the process: the program, since its runtime has started, or Instead.
var begun uint32

const (
	byProgram uint32 = iota + 1
	byInstead
)

// Begin says that the runtime has started, as far as the process depends on it. If Instead goes on
// it does not return.
func Begin() {
	if begun == 0 && !atomic.CompareAndSwapUint32(&begun, 0, byProgram) {
		for blocked := ^uint64(0); ; {
			rawSyscall(sysRtSigprocmask, 2, uintptr(unsafe.Pointer(&blocked)), 0, 8) // SIG_SETMASK
			rawSyscall(sysPpoll, 0, 0, 0, 0)
		}
	}
}

// What is said in its place.
const (
	cannotGoOn   = "supervise: cannot go on: "
	cannotStart  = "supervise: cannot start: "
	noRuntime    = "supervise: the Go runtime cannot start: "
	noThreadText = "there is no room for another thread or process; " +
		"raise the user's limit (ulimit -u), pids.max of the cgroup, or kernel.pid_max\n"
	noDescriptorText = "a standard descriptor is closed, " +
		"and neither /dev/null nor an empty file in memory can be opened in its place\n"
	tooFewText  = "there are too few descriptors for the Go runtime; raise the limit (ulimit -n)\n"
	insteadText = "supervise: going on without it: signals are forwarded and children reaped; " +
		"a stop timeout, job control and descendants are not seen to\n"
	noMemoryText = "the limit of memory leaves no room for the Go runtime, which reserves about 1 GB of addresses " +
		"without using them; raise it (ulimit -v, ulimit -d)\n"
)

// exitStatus is that of a process that ends for one of these reasons: the one of a command
// that cannot be executed, but 1 of supervise run.
//
//go:nosplit
func exitStatus() uintptr {
	if *stack > 1 { // argc; argv follows
		first := *(**byte)(unsafe.Add(unsafe.Pointer(stack), 2*pointerSize))
		if begins(unsafe.Pointer(first), int32(len(run)), run) {
			return 1
		}
	}
	return 126
}

const run = "run\x00"

// complain is write(2) for the runtime. What it would say of a limit that others have set, and
// a trace of all goroutines behind it, becomes one line. Everything else is written as it is.
//
// It is called on any stack, and before the runtime is ready: nothing here may allocate.
//
//go:nosplit
func complain(fd uintptr, text unsafe.Pointer, n int32) int32 {
	if fd == 2 {
		if fatalHeld {
			fatalHeld = false
			explain(text, n)
			if mayGoOn() {
				write(noRuntime)
				rawSyscall(sysWrite, fd, uintptr(text), uintptr(n), 0)
				write("\n")
				goOn()
			}
			write(fatal)
		}
		switch {
		case int(n) == len(fatal) && begins(text, n, fatal):
			fatalHeld = true // until it is known what follows
			return n
		case begins(text, n, noThread):
			end(cannotGoOn, noThreadText)
		case begins(text, n, noDescriptor):
			end(cannotStart, noDescriptorText)
		case begins(text, n, noPoller), begins(text, n, noWakeup):
			end(cannotStart, tooFewText)
		}
	}
	return int32(rawSyscall(sysWrite, fd, uintptr(text), uintptr(n), 0))
}

// fatalHeld says that fatal is still to be written. The runtime lets one thread write at a
// time.
var fatalHeld bool

// explain ends the process if the runtime does for want of memory at its start. Later on, what
// asks for too much is of interest.
//
//go:nosplit
func explain(text unsafe.Pointer, n int32) {
	if begins(text, n, noSpace) || begins(text, n, noArena) {
		end(cannotStart, noMemoryText)
	}
}

//go:nosplit
func begins(text unsafe.Pointer, n int32, prefix string) bool {
	if int(n) < len(prefix) {
		return false
	}
	for i := range len(prefix) {
		if *(*byte)(unsafe.Add(text, i)) != prefix[i] {
			return false
		}
	}
	return true
}

//go:nosplit
func end(what, why string) {
	if mayGoOn() {
		write(noRuntime)
		write(why)
		goOn()
	}
	write(what)
	write(why)
	rawSyscall(sysExitGroup, exitStatus(), 0, 0, 0)
}

// mayGoOn makes Instead the one that goes on, if there is one and the program has not begun.
//
//go:nosplit
func mayGoOn() bool {
	return Instead != nil && atomic.CompareAndSwapUint32(&begun, 0, byInstead)
}

//go:nosplit
func goOn() {
	write(insteadText)
	Instead()
}

//go:nosplit
func write(text string) {
	rawSyscall(sysWrite, 2, uintptr(unsafe.Pointer(unsafe.StringData(text))), uintptr(len(text)), 0)
}
