//go:build linux && (amd64 || arm64)

package process

import (
	"runtime"
	"sync/atomic"
	"syscall"
	"unsafe"

	"supervise/internal/sys"
	"supervise/signals"
)

// program is the input of the assembly: vfork_*.s knows the offsets.
type program struct {
	clone     *cloneArgs // 0: nil for plain clone
	cloneSize uintptr    // 8
	flags     uintptr    // 16: of plain clone
	parentTID *int32     // 24: of plain clone, which also has it for a pidfd
	steps     *step      // 32
	count     uintptr    // 40
	errno     uintptr    // 48: of the step that failed
	failed    uintptr    // 56: its index
	current   uintptr    // 64: the index of the step that the child is at
	_         [2]uint64  // 72: used by the assembly: the caller's mask, and the full set
}

// cloneArgs is struct clone_args as of Linux 5.7: clone(2).
type cloneArgs struct {
	flags, pidfd uint64
	childTID     uint64
	parentTID    uint64
	exitSignal   uint64
	_, _, _      uint64 // stack, stack_size, tls
	_, _         uint64 // set_tid, set_tid_size
	cgroup       uint64
}

// Flags of clone and clone3: clone(2), linux/sched.h.
const (
	cloneVM            = 0x100
	cloneFiles         = 0x400
	clonePIDFD         = 0x1000
	cloneVfork         = 0x4000
	cloneParentSetTID  = 0x10_0000
	cloneChildClearTID = 0x20_0000
	cloneClearSighand  = 0x1_0000_0000 // Linux 5.5
	cloneIntoCgroup    = 0x2_0000_0000 // Linux 5.7
	cloneOurs          = cloneVM | cloneVfork
)

// vfork makes the child and lets it run the steps. It returns its pid, or a negated errno.
// The child's failure is in p.
func vfork(p *program) int

// The runtime's own brackets around a blocking system call: package intake.
//
//go:linkname entersyscall runtime.entersyscall
func entersyscall()

//go:linkname exitsyscall runtime.exitsyscall
func exitsyscall()

// vforkBlocking is vfork as a system call in the runtime's eyes: other goroutines, and the
// garbage collector, do not wait for it. Between the brackets, no Go code may run that could
// grow the stack.
//
//go:nosplit
func vforkBlocking(p *program) int {
	entersyscall()
	pid := vfork(p)
	exitsyscall()
	return pid
}

// attempt starts one program as it is.
func attempt(spec *Spec) (Process, error) {
	child, err := startWithPIDFD(spec)
	if isRefused(err, stepUnshare) {
		sys.FeatureCloseRange.SetAvailable(false)
		child, err = startWithPIDFD(spec)
	}
	return child, err
}

// startWithPIDFD starts without a pidfd if no descriptor is left for it, and where pidfds do
// not exist (before Linux 5.2, and in emulators).
func startWithPIDFD(spec *Spec) (Process, error) {
	if spec.NoPIDFD {
		return startAnyMode(spec, 0)
	}
	child, err := startAnyMode(spec, clonePIDFD)
	if noDescriptor(err) || isRefused(err, stepClone) {
		child, err = startAnyMode(spec, 0)
	}
	return child, err
}

// startAnyMode tries the clone modes, the best one first.
func startAnyMode(spec *Spec, pidfdFlag uintptr) (Process, error) {
	if sys.FeatureClone3.Available() {
		child, err := spawn(spec, clone3Into, pidfdFlag)
		if spec.HasCgroup && killedAtBirth(err) {
			child, err = spawn(spec, clone3Join, pidfdFlag)
		}
		if !isRefused(err, stepClone3) {
			return child, err
		}
		sys.FeatureClone3.SetAvailable(false)
	}
	return spawn(spec, cloneJoin, pidfdFlag)
}

// cloneMode says how a child is made and how it gets into its cgroup.
type cloneMode uint8

const (
	clone3Into cloneMode = iota // clone3, created in the cgroup
	clone3Join                  // clone3, joins it itself
	cloneJoin                   // clone, joins it itself
)

// isRefused reports whether a system call itself is not available: the kernel is older than
// it or its flags (ENOSYS, EINVAL), or a seccomp filter refuses it (ENOSYS or EPERM).
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

// noDescriptor reports whether no descriptor was left for the pidfd: this process is at its
// RLIMIT_NOFILE (EMFILE), or the machine at its limit (ENFILE).
func noDescriptor(err error) bool {
	failure, ok := err.(*StartError)
	return ok && (failure.Step == stepClone3 || failure.Step == stepClone) &&
		(failure.Errno == syscall.EMFILE || failure.Errno == syscall.ENFILE)
}

// killedAtBirth reports whether the child was killed before its first instruction. Since
// Linux 6.14 the kernel does that by mistake to children created in another cgroup: it
// compares how often cgroup.kill was written there with the count of the parent's cgroup, and
// takes a difference for a kill during the fork (cgroup_css_set_fork and cgroup_post_fork in
// kernel/cgroup/cgroup.c).
func killedAtBirth(err error) bool {
	failure, ok := err.(*StartError)
	return ok && failure.Step == stepBirth
}

const stepBirth = "birth"

// noResult is a value that no system call returns.
const noResult = ^uintptr(0)

// spawn makes one attempt in one mode. pidfdFlag is clonePIDFD, or 0 for no pidfd.
func spawn(spec *Spec, mode cloneMode, pidfdFlag uintptr) (Process, error) {
	procs := -1
	if spec.HasCgroup && mode != clone3Into {
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
	if err := p.prepare(spec, mode, procs); err != nil {
		return Process{PIDFD: -1}, err
	}
	call := p.setClone(spec, mode, flags)
	pid, err := p.vfork(spec.Progress)
	if err != nil {
		return Process{PIDFD: -1}, err
	}
	child := Process{PID: pid, PIDFD: int(p.pidfd)}
	switch prog := &p.program; {
	case pid < 0:
		return Process{PIDFD: -1}, &StartError{Step: call, Errno: syscall.Errno(-pid)}
	case prog.errno != 0: // a child that is killed has none
		reapFailed(child)
		return Process{PIDFD: -1}, &StartError{Step: p.names[prog.failed], Errno: syscall.Errno(prog.errno)}
	case p.firstResult == noResult && mode == clone3Into && spec.HasCgroup:
		reapFailed(child)
		return Process{PIDFD: -1}, &StartError{Step: stepBirth, Errno: syscall.EINTR}
	}
	return child, nil
}

// vfork makes the child. It fails if the start is given up.
func (p *plan) vfork(progress *Progress) (pid int, err error) {
	if progress == nil {
		pid = vfork(&p.program)
		runtime.KeepAlive(p)
		return pid, nil
	}
	if !progress.begin(p) {
		return 0, ErrGivenUp
	}
	pid = vforkBlocking(&p.program)
	runtime.KeepAlive(p)
	started := pid > 0 && p.program.errno == 0 && p.firstResult != noResult
	if progress.end(pid, started) || !noExec(pid) {
		return pid, nil
	}
	reapFailed(Process{PID: pid, PIDFD: int(p.pidfd)})
	return 0, ErrGivenUp
}

// noExec reports whether a child that was killed has not executed its program. If that cannot
// be told, it has been reaped already, by somebody who tells of its end.
func noExec(pid int) bool {
	stat, err := sys.ReadStat(pid)
	return err == nil && stat.NoExec
}

// The following are the methods of childProgress.

func (p *plan) step() string {
	current := int(atomic.LoadUintptr(&p.program.current))
	return p.names[min(current, len(p.names)-1)]
}

func (p *plan) bornPID() int { return int(atomic.LoadInt32(&p.born)) }

func (p *plan) kill() {
	if pid := p.bornPID(); pid > 0 {
		_ = sys.Kill(pid, signals.SIGKILL)
	}
}

// setClone fills in how the child is made, and returns the name of the system call.
func (p *plan) setClone(spec *Spec, mode cloneMode, flags uintptr) (call string) {
	p.firstResult, p.pidfd, p.born = noResult, -1, 0
	p.steps[0].result = &p.firstResult
	p.program = program{steps: &p.steps[0], count: uintptr(len(p.steps))}
	if mode == cloneJoin {
		p.program.flags, p.program.parentTID = flags|uintptr(syscall.SIGCHLD), &p.pidfd
		if flags&clonePIDFD == 0 {
			p.program.flags |= cloneParentSetTID
			p.program.parentTID = &p.born
		}
		return stepClone
	}
	p.clone = cloneArgs{
		flags: uint64(flags | cloneParentSetTID | cloneClearSighand), exitSignal: uint64(syscall.SIGCHLD),
		pidfd: uint64(uintptr(unsafe.Pointer(&p.pidfd))), parentTID: uint64(uintptr(unsafe.Pointer(&p.born))),
	}
	if spec.HasCgroup && mode == clone3Into {
		p.clone.flags |= cloneIntoCgroup
		p.clone.cgroup = uint64(spec.CgroupFD)
	}
	p.program.clone, p.program.cloneSize = &p.clone, unsafe.Sizeof(p.clone)
	return stepClone3
}

// reapFailed reaps a child that did not get as far as execve.
func reapFailed(child Process) {
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
