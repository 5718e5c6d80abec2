package explain

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
)

// allowed are the system calls that Go's runtime and a reader of files need. All others fail
// with EPERM.
var allowed = []uint32{
	unix.SYS_READ, unix.SYS_WRITE, unix.SYS_PREAD64, unix.SYS_CLOSE, unix.SYS_FSTAT, unix.SYS_FSTATFS, unix.SYS_LSEEK,
	unix.SYS_FCNTL, unix.SYS_IOCTL, unix.SYS_MUNMAP, unix.SYS_MADVISE, unix.SYS_MINCORE, unix.SYS_BRK, unix.SYS_MREMAP,
	unix.SYS_FUTEX, unix.SYS_NANOSLEEP, unix.SYS_CLOCK_NANOSLEEP, unix.SYS_CLOCK_GETTIME, unix.SYS_GETTIMEOFDAY,
	unix.SYS_SCHED_YIELD, unix.SYS_SCHED_GETAFFINITY, unix.SYS_GETPID, unix.SYS_GETTID, unix.SYS_GETUID, unix.SYS_GETEUID,
	unix.SYS_GETRANDOM, unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGRETURN, unix.SYS_SIGALTSTACK,
	unix.SYS_RESTART_SYSCALL, unix.SYS_SET_ROBUST_LIST, unix.SYS_RSEQ, unix.SYS_MEMBARRIER,
	unix.SYS_EPOLL_CREATE1, unix.SYS_EPOLL_CTL, unix.SYS_EPOLL_PWAIT, unix.SYS_EVENTFD2, unix.SYS_PIPE2,
	unix.SYS_TIMER_CREATE, unix.SYS_TIMER_SETTIME, unix.SYS_TIMER_DELETE, unix.SYS_SETITIMER,
	unix.SYS_EXIT, unix.SYS_EXIT_GROUP, unix.SYS_SENDMSG, unix.SYS_RECVMSG,
}

// condition allows a system call if the bits mask of an argument, of its low half, have a
// value. A mask of 0 allows it always.
type condition struct {
	call, argument, mask, value uint32
}

func conditions(files bool) []condition {
	all := []condition{
		{unix.SYS_CLONE, 0, unix.CLONE_THREAD, unix.CLONE_THREAD}, // threads, no processes
		{unix.SYS_MMAP, 2, unix.PROT_EXEC, 0},
		{unix.SYS_MPROTECT, 2, unix.PROT_EXEC, 0},
		{unix.SYS_TGKILL, 0, ^uint32(0), uint32(unix.Getpid())}, // the runtime preempts its threads
	}
	if files {
		const writing = unix.O_ACCMODE | unix.O_CREAT | unix.O_TRUNC | unix.O_APPEND
		all = append(all, condition{unix.SYS_OPENAT, 2, writing, 0}, condition{sysStat, 0, 0, 0}, condition{unix.SYS_READLINKAT, 0, 0, 0})
	}
	return all
}

// Offsets in struct seccomp_data.
const (
	dataCall      = 0
	dataMachine   = 4
	dataArguments = 16
)

// What a filter does, in the kernel's classic BPF.
const (
	load    = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
	equal   = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
	atLeast = unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K
	and     = unix.BPF_ALU | unix.BPF_AND | unix.BPF_K
	result  = unix.BPF_RET | unix.BPF_K
	refused = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
)

// instructions are the filter: a binary search for the number of the system call. The kernel
// runs it for every number when it is installed, to remember those that are always allowed,
// so that its length counts.
func instructions(files bool) []unix.SockFilter {
	calls := conditions(files)
	for _, call := range allowed {
		calls = append(calls, condition{call: call})
	}
	slices.SortFunc(calls, func(a, b condition) int { return cmp.Compare(a.call, b.call) })
	p := []unix.SockFilter{
		{Code: load, K: dataMachine},
		{Code: equal, K: auditMachine, Jt: 1},
		{Code: result, K: unix.SECCOMP_RET_KILL_PROCESS},
		{Code: load, K: dataCall},
		// With ENOSYS, C libraries use clone, whose flags can be seen.
		{Code: equal, K: unix.SYS_CLONE3, Jf: 1},
		{Code: result, K: unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)},
	}
	return appendSearch(p, calls)
}

// appendSearch appends a search in calls, which are in the order of their numbers.
func appendSearch(p []unix.SockFilter, calls []condition) []unix.SockFilter {
	if len(calls) > 1 {
		half := len(calls) / 2
		at := len(p)
		p = append(p, unix.SockFilter{Code: atLeast, K: calls[half].call})
		p = appendSearch(p, calls[:half])
		p[at].Jt = uint8(len(p) - at - 1)
		return appendSearch(p, calls[half:])
	}
	c := calls[0]
	if c.mask == 0 {
		return append(
			p, unix.SockFilter{Code: equal, K: c.call, Jf: 1},
			unix.SockFilter{Code: result, K: unix.SECCOMP_RET_ALLOW}, unix.SockFilter{Code: result, K: refused},
		)
	}
	return append(
		p, unix.SockFilter{Code: equal, K: c.call, Jf: 4},
		unix.SockFilter{Code: load, K: dataArguments + 8*c.argument}, unix.SockFilter{Code: and, K: c.mask},
		unix.SockFilter{Code: equal, K: c.value, Jf: 1},
		unix.SockFilter{Code: result, K: unix.SECCOMP_RET_ALLOW}, unix.SockFilter{Code: result, K: refused},
	)
}

// filter applies the filter to all threads. files says whether files may be opened to be read.
func filter(files bool) error {
	if auditMachine == 0 {
		return unix.ENOSYS
	}
	p := instructions(files)
	f := unix.SockFprog{Len: uint16(len(p)), Filter: &p[0]}
	runtime.LockOSThread() // no_new_privs is of the thread; TSYNC gives it to the others
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("cannot set no_new_privs: %w", err)
	}
	// SPEC_ALLOW: this is no sandbox for foreign code, which could spy by speculation.
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC|unix.SECCOMP_FILTER_FLAG_SPEC_ALLOW, uintptr(unsafe.Pointer(&f)))
	runtime.KeepAlive(p)
	if errno != 0 {
		return fmt.Errorf("cannot filter system calls: %w", errno)
	}
	return nil
}
