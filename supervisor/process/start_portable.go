//go:build !(linux && (amd64 || arm64))

package process

import (
	"syscall"
	"unsafe"
)

// attempt starts a program with package syscall: the portable version, for architectures
// without assembly here. Mask and ignored signals are those that the Go runtime gives its
// children, limits are set right after the program has started, Spec.PIDVariables are passed
// on unchanged, and a new session gets no terminal.
func attempt(spec *Spec) (Process, error) {
	if spec.Placement > OwnSession {
		return Process{PIDFD: -1}, unknownPlacement(spec.Placement)
	}
	pidfd := -1
	attr := &syscall.ProcAttr{Dir: spec.Dir, Env: spec.Env, Sys: &syscall.SysProcAttr{
		Setsid:  spec.Placement == OwnSession,
		Setpgid: spec.Placement == OwnGroup && !spec.HasTerminal,
	}}
	if !spec.NoPIDFD {
		attr.Sys.PidFD = &pidfd
	}
	if spec.Placement == OwnGroup && spec.HasTerminal {
		attr.Sys.Foreground, attr.Sys.Ctty = true, spec.Terminal
	}
	if spec.HasCgroup {
		attr.Sys.UseCgroupFD, attr.Sys.CgroupFD = true, spec.CgroupFD
	}
	if who := spec.Credential; who != nil {
		attr.Sys.Credential = &syscall.Credential{Uid: who.UID, Gid: who.GID, Groups: who.Groups}
	}
	for _, fd := range spec.Files {
		attr.Files = append(attr.Files, uintptr(fd))
	}
	if spec.HasUmask {
		defer syscall.Umask(syscall.Umask(spec.Umask))
	}
	pid, err := spec.Progress.forkExec(spec.Path, spec.Argv, attr)
	if err == ErrGivenUp {
		return Process{PIDFD: -1}, err
	}
	if err != nil {
		errno, _ := err.(syscall.Errno)
		return Process{PIDFD: -1}, &StartError{Step: stepExecve + spec.Path, Errno: errno}
	}
	for _, limit := range spec.Limits {
		_, _, _ = syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(pid), uintptr(limit.Resource),
			uintptr(unsafe.Pointer(&limit.Soft)), 0, 0, 0)
	}
	return Process{PID: pid, PIDFD: pidfd}, nil
}

// Trim has nothing to give up.
func Trim() {}

// forkExec holds up whoever asks for the progress: the pid is not known before, and must be
// when the child is reaped.
func (p *Progress) forkExec(path string, argv []string, attr *syscall.ProcAttr) (pid int, err error) {
	if p == nil {
		return syscall.ForkExec(path, argv, attr)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.givenUp {
		return 0, ErrGivenUp
	}
	pid, err = syscall.ForkExec(path, argv, attr)
	if err == nil {
		p.started = pid
	}
	return pid, err
}

// Room reports whether one more process or thread can be made; here it is not found out.
func Room(*Progress) bool { return true }

// Begun is a start that is left to Start here.
type Begun struct{ spec *Spec }

// Begin begins nothing.
func Begin(spec *Spec) Begun { return Begun{spec} }

// HasChild reports whether there is a child to wait for.
func (b Begun) HasChild() bool { return false }

// PID is 0.
func (b Begun) PID() int { return 0 }

// Wait leaves it all to rest.
func (b Begun) Wait(int64) (child Process, rest func() (Process, error)) {
	return child, func() (Process, error) { return Start(b.spec) }
}
