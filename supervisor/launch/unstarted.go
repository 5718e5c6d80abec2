package launch

import (
	"errors"
	"syscall"

	"supervise/internal/text"
	"supervise/supervisor/process"
	"supervise/supervisor/status"
)

// Unstarted says why a start has failed with err, for the status; nil is that it has not.
func Unstarted(err error) status.Unstarted {
	if err == nil {
		return status.Unstarted{}
	}
	return status.Unstarted{Obstacle: obstacle(err), Text: err.Error()}
}

func obstacle(err error) status.Obstacle {
	var failure *process.StartError
	switch {
	case errors.As(err, new(*environmentError)):
		return status.BadEnvironment
	case errors.Is(err, process.ErrGivenUp):
		return status.GivenUp
	case !errors.As(err, &failure):
		return shortage(err)
	}
	step, _, _ := text.Cut(failure.Step, ' ')
	switch step {
	case "chdir":
		return status.CannotChdir
	case "setgroups", "setresgid", "setresuid":
		return status.CannotBeUser
	case "execve", "find":
		return programObstacle(failure.Errno)
	}
	return shortage(err)
}

// programObstacle is what keeps the kernel from executing a program.
func programObstacle(errno syscall.Errno) status.Obstacle {
	switch errno {
	case syscall.ENOENT, syscall.ENOTDIR, syscall.ELOOP:
		return status.NoSuchFile
	case syscall.EACCES, syscall.EPERM:
		return status.PermissionDenied
	case syscall.ENOEXEC, syscall.ELIBBAD:
		return status.NoProgram
	case syscall.ETXTBSY:
		return status.BeingWritten
	}
	return shortage(errno)
}

// shortage is what there is too little of.
func shortage(err error) status.Obstacle {
	switch {
	case errors.Is(err, syscall.EAGAIN):
		return status.NoMoreProcesses
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return status.NoMoreFiles
	case errors.Is(err, syscall.ENOMEM):
		return status.NoMemory
	}
	return status.AnotherObstacle
}
