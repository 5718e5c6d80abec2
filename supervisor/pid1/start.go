package pid1

import (
	"strconv"
	"syscall"

	"supervise/internal/text"
	"supervise/signals/intake"
	"supervise/supervisor/process"
)

// start starts the command with what we were handed, as if we were not there.
func (s *supervisor) start() *process.StartError {
	path, havePath := intake.LookupEnv("PATH")
	file, err := process.Lookup(s.Command[0], path, havePath)
	if err != nil {
		return err.(*process.StartError)
	}
	found := s.in.Inherited()
	spec := process.Spec{
		Path: file, Argv: s.Command, Env: intake.Environ(), PIDVariable: listenPID(s.pid),
		Mask: found.Mask, Ignore: found.Ignored,
		Files:     []int{0, 1, 2},
		Placement: s.Placement, HasTerminal: s.terminal.given, Terminal: max(s.terminal.fd, 0),
		Limits: s.noFile(found.NoFile),
	}
	s.command, err = process.Start(&spec)
	if err != nil && err.(*process.StartError).Errno == syscall.ENOEXEC {
		// A script without "#!": execvp(3) has the shell run it.
		spec.Path, spec.Argv = shell, append([]string{shell, file}, s.Command[1:]...)
		s.command, err = process.Start(&spec)
	}
	if err != nil {
		return err.(*process.StartError)
	}
	if s.log.enabled(Debug) {
		s.log.say(Debug, "started the command", word("command", s.name), number("pid", s.command.PID))
	}
	return nil
}

const shell = "/bin/sh"

// noFile is the limit of descriptors that we were handed, which package syscall raises for
// us by the same system call as it is restored with. Where a seccomp filter refuses that
// call nothing was raised, so that the command has the limit as it was.
func (s *supervisor) noFile(found intake.Limit) []process.Limit {
	if found.Hard == 0 {
		if s.log.enabled(Debug) {
			s.log.say(Debug, "cannot read RLIMIT_NOFILE: the command has it as it is")
		}
		return nil
	}
	return []process.Limit{{Resource: syscall.RLIMIT_NOFILE, Soft: found.Soft, Hard: found.Hard, Optional: true}}
}

// quoteBlank is a command's name as a message has it: quoted where it would not be seen.
func quoteBlank(name string) string {
	if text.Trim(name) == "" {
		return strconv.Quote(name)
	}
	return name
}

// cannotStart says why the command does not run, and returns what to exit with.
func (s *supervisor) cannotStart(err *process.StartError) (status int) {
	switch err.Errno {
	case syscall.ENOENT:
		status = s.ExecStatus.Missing
	case syscall.EACCES:
		status = s.ExecStatus.Denied
	default:
		status = s.ExecStatus.Other
	}
	s.log.say(Error, "cannot start "+quoteBlank(s.name)+": "+err.Error(), number("status", status))
	return status
}
