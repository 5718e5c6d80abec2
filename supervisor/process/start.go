//go:build linux && (amd64 || arm64)

package process

import (
	"runtime"
	"sync/atomic"
	"syscall"
	"unsafe"
)

// program is what the assembly works on: vfork_*.s knows the offsets.
type program struct {
	clone     *cloneArgs // 0: nil for plain clone
	cloneSize uintptr    // 8
	flags     uintptr    // 16: of plain clone
	pidfd     *int32     // 24: of plain clone
	steps     *step      // 32
	count     uintptr    // 40
	errno     uintptr    // 48: of the step that failed
	failed    uintptr    // 56: its index
	_         [2]uint64  // 64: the assembly's own: the caller's mask, and that of all signals
}

// cloneArgs is struct clone_args as of Linux 5.7: clone(2).
type cloneArgs struct {
	flags, pidfd uint64
	_, _         uint64 // child_tid, parent_tid
	exitSignal   uint64
	_, _, _      uint64 // stack, stack_size, tls
	_, _         uint64 // set_tid, set_tid_size
	cgroup       uint64
}

// Flags of clone and clone3: clone(2), linux/sched.h.
const (
	cloneVM         = 0x100
	cloneFiles      = 0x400
	clonePIDFD      = 0x1000
	cloneVfork      = 0x4000
	cloneIntoCgroup = 0x2_0000_0000 // Linux 5.7
	cloneOurs       = cloneVM | cloneVfork
)

// vfork makes the child and lets it work off the steps. It returns its pid, or a negated
// errno. The child's failure is in p.
func vfork(p *program) int

// plainClone is set once clone3 was refused.
var plainClone atomic.Bool

func clone3Works() bool { return !plainClone.Load() }

// noCloseRange is set once close_range was refused.
var noCloseRange atomic.Bool

// Start starts a program and returns once it runs or is known not to. The error is a
// [StartError]; no child is left behind then. The caller's other threads go on meanwhile.
//
// The calling thread is stopped until the kernel has loaded the program, which takes as
// long as its file takes to read.
func Start(spec *Spec) (Process, error) {
	child, err := attempt(spec)
	if isRefused(err, stepUnshare) {
		noCloseRange.Store(true)
		child, err = attempt(spec)
	}
	return child, explained(err, spec)
}

// attempt goes without a pidfd when there is no room for one more descriptor, and where
// there are none (before Linux 5.2, and below emulators).
func attempt(spec *Spec) (Process, error) {
	if spec.NoPIDFD {
		return anyWay(spec, 0)
	}
	child, err := anyWay(spec, clonePIDFD)
	if noDescriptor(err) || isRefused(err, stepClone) {
		child, err = anyWay(spec, 0)
	}
	return child, err
}

func anyWay(spec *Spec, pidfdFlag uintptr) (Process, error) {
	if clone3Works() {
		child, err := spawn(spec, modern, pidfdFlag)
		if spec.HasCgroup && stillborn(err) {
			child, err = spawn(spec, modernJoining, pidfdFlag)
		}
		if !isRefused(err, stepClone3) {
			return child, err
		}
		plainClone.Store(true)
	}
	return spawn(spec, plain, pidfdFlag)
}

// way is how a child is made, and comes into its cgroup.
type way uint8

const (
	modern        way = iota // clone3, born there
	modernJoining            // clone3, goes there itself
	plain                    // clone, goes there itself
)

// isRefused reports whether a system call itself is not to be had: the kernel is older
// than it or its flags (ENOSYS, EINVAL), or a seccomp filter is in the way (ENOSYS or
// EPERM).
func isRefused(err error, call string) bool {
	failure, ok := err.(*StartError)
	if !ok || failure.Step != call {
		return false
	}
	switch failure.Errno {
	case syscall.ENOSYS, syscall.EPERM, syscall.EINVAL:
		return true
	}
	return false
}

const (
	stepClone   = "clone"
	stepClone3  = "clone3"
	stepUnshare = "close_range"
)

// noDescriptor reports whether the kernel had no descriptor left for the pidfd: this
// process is at its RLIMIT_NOFILE (EMFILE), or the machine at its own limit (ENFILE).
func noDescriptor(err error) bool {
	failure, ok := err.(*StartError)
	return ok && (failure.Step == stepClone3 || failure.Step == stepClone) &&
		(failure.Errno == syscall.EMFILE || failure.Errno == syscall.ENFILE)
}

// stillborn reports whether the child was killed before its first instruction. Since Linux
// 6.14 the kernel does that to children that are born into another cgroup by mistake: it
// compares how often cgroup.kill was written there with how often that was done where the
// parent is, and takes a difference for a kill that came while it forked
// (cgroup_css_set_fork and cgroup_post_fork in kernel/cgroup/cgroup.c).
func stillborn(err error) bool {
	failure, ok := err.(*StartError)
	return ok && failure.Step == stepBirth
}

const stepBirth = "birth"

// notBegun is what no system call returns.
const notBegun = ^uintptr(0)

// spawn makes one attempt in one way. pidfdFlag is clonePIDFD, or 0 to go without.
func spawn(spec *Spec, how way, pidfdFlag uintptr) (Process, error) {
	procs := -1
	if spec.HasCgroup && how != modern {
		var err error
		procs, err = syscall.Openat(spec.CgroupFD, "cgroup.procs", syscall.O_WRONLY|syscall.O_CLOEXEC, 0)
		if err != nil {
			return Process{PIDFD: -1}, &StartError{Step: "open cgroup.procs", Errno: err.(syscall.Errno)}
		}
		defer syscall.Close(procs)
	}
	flags := cloneOurs | pidfdFlag
	if spec.sharesFiles() {
		flags |= cloneFiles
	}
	p := plans.take()
	defer plans.put(p)
	if err := p.prepare(spec, procs); err != nil {
		return Process{PIDFD: -1}, err
	}
	call := p.make(spec, how, flags)
	pid := vfork(&p.program)
	runtime.KeepAlive(p)
	child := Process{PID: pid, PIDFD: int(p.pidfd)}
	switch prog := &p.program; {
	case pid < 0:
		return Process{PIDFD: -1}, &StartError{Step: call, Errno: syscall.Errno(-pid)}
	case prog.errno != 0:
		bury(child)
		return Process{PIDFD: -1}, &StartError{Step: p.names[prog.failed], Errno: syscall.Errno(prog.errno)}
	case p.begun == notBegun && how == modern && spec.HasCgroup:
		bury(child)
		return Process{PIDFD: -1}, &StartError{Step: stepBirth, Errno: syscall.EINTR}
	}
	return child, nil
}

// make fills in how the child is made, and returns what the system call is called.
func (p *plan) make(spec *Spec, how way, flags uintptr) (call string) {
	p.begun, p.pidfd = notBegun, -1
	p.steps[0].result = &p.begun
	p.program = program{steps: &p.steps[0], count: uintptr(len(p.steps))}
	if how == plain {
		p.program.flags = flags | uintptr(syscall.SIGCHLD)
		p.program.pidfd = &p.pidfd
		return stepClone
	}
	p.clone = cloneArgs{flags: uint64(flags), pidfd: uint64(uintptr(unsafe.Pointer(&p.pidfd))), exitSignal: uint64(syscall.SIGCHLD)}
	if spec.HasCgroup && how == modern {
		p.clone.flags |= cloneIntoCgroup
		p.clone.cgroup = uint64(spec.CgroupFD)
	}
	p.program.clone, p.program.cloneSize = &p.clone, unsafe.Sizeof(p.clone)
	return stepClone3
}

// bury reaps a child that did not get as far as execve.
func bury(child Process) {
	for {
		_, err := syscall.Wait4(child.PID, nil, syscall.WALL, nil)
		if err != syscall.EINTR {
			break
		}
	}
	if child.PIDFD >= 0 {
		_ = syscall.Close(child.PIDFD)
	}
}
