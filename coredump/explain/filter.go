package explain

import (
	"cmp"
	"runtime"
	"slices"
	"syscall"
	"unsafe"
)

// allowed are the system calls that Go's runtime and a reader of files need. All others fail
// with EPERM.
var allowed = []uint32{
	syscall.SYS_READ, syscall.SYS_WRITE, syscall.SYS_PREAD64, syscall.SYS_CLOSE, syscall.SYS_FSTAT, syscall.SYS_FSTATFS, syscall.SYS_LSEEK,
	syscall.SYS_FCNTL, syscall.SYS_IOCTL, syscall.SYS_MUNMAP, syscall.SYS_MADVISE, syscall.SYS_MINCORE, syscall.SYS_BRK, syscall.SYS_MREMAP,
	syscall.SYS_FUTEX, syscall.SYS_NANOSLEEP, syscall.SYS_CLOCK_NANOSLEEP, syscall.SYS_CLOCK_GETTIME, syscall.SYS_GETTIMEOFDAY,
	syscall.SYS_SCHED_YIELD, syscall.SYS_SCHED_GETAFFINITY, syscall.SYS_GETPID, syscall.SYS_GETTID, syscall.SYS_GETUID, syscall.SYS_GETEUID,
	sysGetrandom, syscall.SYS_RT_SIGACTION, syscall.SYS_RT_SIGPROCMASK, syscall.SYS_RT_SIGRETURN, syscall.SYS_SIGALTSTACK,
	syscall.SYS_RESTART_SYSCALL, syscall.SYS_SET_ROBUST_LIST, sysRseq, sysMembarrier,
	syscall.SYS_EPOLL_CREATE1, syscall.SYS_EPOLL_CTL, syscall.SYS_EPOLL_PWAIT, syscall.SYS_EVENTFD2, syscall.SYS_PIPE2,
	syscall.SYS_TIMER_CREATE, syscall.SYS_TIMER_SETTIME, syscall.SYS_TIMER_DELETE, syscall.SYS_SETITIMER,
	syscall.SYS_EXIT, syscall.SYS_EXIT_GROUP, syscall.SYS_SENDMSG, syscall.SYS_RECVMSG,
}

// condition allows a system call if the bits mask of an argument, of its low half, have a
// value. A mask of 0 allows it always.
type condition struct {
	call, argument, mask, value uint32
}

func conditions(files bool) []condition {
	all := []condition{
		{syscall.SYS_CLONE, 0, syscall.CLONE_THREAD, syscall.CLONE_THREAD}, // threads, no processes
		{syscall.SYS_MMAP, 2, syscall.PROT_EXEC, 0},
		{syscall.SYS_MPROTECT, 2, syscall.PROT_EXEC, 0},
		{syscall.SYS_TGKILL, 0, ^uint32(0), uint32(syscall.Getpid())}, // the runtime preempts its threads
	}
	if files {
		const writing = syscall.O_ACCMODE | syscall.O_CREAT | syscall.O_TRUNC | syscall.O_APPEND
		all = append(all, condition{syscall.SYS_OPENAT, 2, writing, 0}, condition{sysStat, 0, 0, 0}, condition{syscall.SYS_READLINKAT, 0, 0, 0})
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
	load    = syscall.BPF_LD | syscall.BPF_W | syscall.BPF_ABS
	equal   = syscall.BPF_JMP | syscall.BPF_JEQ | syscall.BPF_K
	atLeast = syscall.BPF_JMP | syscall.BPF_JGE | syscall.BPF_K
	and     = syscall.BPF_ALU | syscall.BPF_AND | syscall.BPF_K
	result  = syscall.BPF_RET | syscall.BPF_K
	refused = retErrno | uint32(syscall.EPERM)
)

// instructions are the filter: a binary search for the number of the system call. The kernel
// runs it for every number when it is installed, to remember those that are always allowed,
// so that its length counts.
func instructions(files bool) []syscall.SockFilter {
	calls := make([]condition, 0, len(allowed)+8)
	calls = append(calls, conditions(files)...)
	for _, call := range allowed {
		calls = append(calls, condition{call: call})
	}
	slices.SortFunc(calls, func(a, b condition) int { return cmp.Compare(a.call, b.call) })
	p := make([]syscall.SockFilter, 0, 5*len(calls)) // enough: four for a call, a few more for some
	p = append(p, []syscall.SockFilter{
		{Code: load, K: dataMachine},
		{Code: equal, K: auditMachine, Jt: 1},
		{Code: result, K: retKill},
		{Code: load, K: dataCall},
		// With ENOSYS, C libraries use clone, whose flags can be seen.
		{Code: equal, K: sysClone3, Jf: 1},
		{Code: result, K: retErrno | uint32(syscall.ENOSYS)},
	}...)
	return appendSearch(p, calls)
}

// appendSearch appends a search in calls, which are in the order of their numbers.
func appendSearch(p []syscall.SockFilter, calls []condition) []syscall.SockFilter {
	if len(calls) > 1 {
		half := len(calls) / 2
		at := len(p)
		p = append(p, syscall.SockFilter{Code: atLeast, K: calls[half].call})
		p = appendSearch(p, calls[:half])
		p[at].Jt = uint8(len(p) - at - 1)
		return appendSearch(p, calls[half:])
	}
	c := calls[0]
	if c.mask == 0 {
		return append(
			p, syscall.SockFilter{Code: equal, K: c.call, Jf: 1},
			syscall.SockFilter{Code: result, K: retAllow}, syscall.SockFilter{Code: result, K: refused},
		)
	}
	return append(
		p, syscall.SockFilter{Code: equal, K: c.call, Jf: 4},
		syscall.SockFilter{Code: load, K: dataArguments + 8*c.argument}, syscall.SockFilter{Code: and, K: c.mask},
		syscall.SockFilter{Code: equal, K: c.value, Jf: 1},
		syscall.SockFilter{Code: result, K: retAllow}, syscall.SockFilter{Code: result, K: refused},
	)
}

// Of seccomp(2) and prctl(2).
const (
	setFilter        = 1 // SECCOMP_SET_MODE_FILTER
	allThreads       = 1 // SECCOMP_FILTER_FLAG_TSYNC
	allowSpeculation = 4 // SECCOMP_FILTER_FLAG_SPEC_ALLOW
	retKill          = 0x80000000
	retErrno         = 0x00050000
	retAllow         = 0x7fff0000
	noNewPrivileges  = 38 // PR_SET_NO_NEW_PRIVS
)

// filter applies the filter to all threads. The goroutine is locked to its thread. files says whether files may be opened to be read.
func filter(files bool) error {
	if auditMachine == 0 {
		return syscall.ENOSYS
	}
	p := instructions(files)
	f := syscall.SockFprog{Len: uint16(len(p)), Filter: &p[0]}
	if _, _, errno := syscall.Syscall6(syscall.SYS_PRCTL, noNewPrivileges, 1, 0, 0, 0, 0); errno != 0 {
		return &confineError{"cannot set no_new_privs", errno}
	}
	// SPEC_ALLOW: this is no sandbox for foreign code, which could spy by speculation.
	_, _, errno := syscall.Syscall(sysSeccomp, setFilter, allThreads|allowSpeculation, uintptr(unsafe.Pointer(&f)))
	runtime.KeepAlive(p)
	if errno != 0 {
		return &confineError{"cannot filter system calls", errno}
	}
	return nil
}
