package process

import "syscall"

// StartError says why a program could not be started: which step failed, and how.
type StartError struct {
	Step  string // "execve /usr/bin/web", "setresuid 33", "clone3"
	Errno syscall.Errno
	// Hint is what is known beyond that, "" for nothing: which interpreter of a script is
	// missing, where the kernel has the same error as for a script that is missing itself.
	Hint string
}

func (e *StartError) Error() string {
	if e.Hint == "" {
		return e.Step + ": " + e.Errno.Error()
	}
	return e.Step + ": " + e.Errno.Error() + " (" + e.Hint + ")"
}

func (e *StartError) Unwrap() error { return e.Errno }

// Temporary reports whether the same start may well succeed later: the machine, a
// cgroup's pids.max, or the user's RLIMIT_NPROC has no room, or the file is being written.
func (e *StartError) Temporary() bool {
	switch e.Errno {
	case syscall.EAGAIN, syscall.ENOMEM, syscall.EMFILE, syscall.ENFILE, syscall.ETXTBSY, syscall.EINTR:
		return true
	}
	return false
}

// Status returns what a shell reports of a command that it could not execute: 127 when
// there is no such file, 126 when there is one.
func (e *StartError) Status() int {
	if e.Errno == syscall.ENOENT {
		return 127
	}
	return 126
}
