package process

import (
	"strconv"
	"syscall"

	"supervise/internal/text"
)

// StartError says why a program could not be started: which step failed, and how.
type StartError struct {
	Step  string // "execve /usr/bin/web", "setresuid 33", "clone3"
	Errno syscall.Errno
	// Hint is further information, or "": which interpreter of a script is missing, for
	// example, where the kernel returns the same error as for a missing script.
	Hint string
}

func (e *StartError) Error() string {
	if e.Hint == "" {
		return e.Step + ": " + e.Errno.Error()
	}
	return e.Step + ": " + e.Errno.Error() + " (" + e.Hint + ")"
}

func (e *StartError) Unwrap() error { return e.Errno }

// unknownPlacement is the error for a Placement that is none of the constants.
func unknownPlacement(p Placement) error {
	return &StartError{Step: "placement " + strconv.Itoa(int(p)), Errno: syscall.EINVAL}
}

// Temporary reports whether the same start may succeed later: the machine, a cgroup's
// pids.max or the user's RLIMIT_NPROC has no room, or the file is being written.
func (e *StartError) Temporary() bool {
	switch e.Errno {
	case syscall.EAGAIN, syscall.ENOMEM, syscall.EMFILE, syscall.ENFILE, syscall.ETXTBSY, syscall.EINTR:
		return true
	}
	return false
}

// Status returns the exit status of a shell that could not execute the command: 127 if there
// is no such file, else 126.
func (e *StartError) Status() int {
	if e.Errno == syscall.ENOENT {
		return 127
	}
	return 126
}

// The steps to another identity. Ids stand behind the last two.
const (
	stepSetgroups = "setgroups"
	stepSetresgid = "setresgid "
	stepSetresuid = "setresuid "
)

// refusedIdentity explains why a child cannot have another user or group, "" where that has
// nothing to do with it.
func refusedIdentity(failure *StartError) string {
	_, gid := text.CutPrefix(failure.Step, stepSetresgid)
	_, uid := text.CutPrefix(failure.Step, stepSetresuid)
	switch groups := gid || failure.Step == stepSetgroups; {
	case !groups && !uid:
		return ""
	case failure.Errno == syscall.EINVAL:
		return "the user namespace has no such id"
	case failure.Errno != syscall.EPERM:
		return ""
	case uid:
		return "to become another user takes CAP_SETUID"
	default:
		return "to have another user's groups takes CAP_SETGID"
	}
}
