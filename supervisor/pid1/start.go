package pid1

import (
	"strconv"
	"syscall"

	"supervise/internal/text"
	"supervise/signals/intake"
	"supervise/supervisor/process"
)

// start starts the command with the inherited state, as if we did not exist.
func (s *supervisor) start() *process.StartError {
	path, havePath := intake.LookupEnv("PATH")
	file, err := process.Lookup(s.Command[0], path, havePath)
	if err != nil {
		return err.(*process.StartError)
	}
	found, variables := s.in.Inherited(), pidVariables(s.pid)
	spec := process.Spec{
		Path: file, Argv: s.Command, Env: environment(variables), PIDVariables: variables,
		Mask: found.Mask, Ignore: found.Ignored,
		Files:     []int{0, 1, 2},
		Placement: s.Placement, HasTerminal: s.terminal.Given, Terminal: max(s.terminal.FD, 0),
		Limits: append(s.noFile(found.NoFile), s.coreLimit()...),
	}
	s.setCoreFilter()
	s.command, err = process.Start(&spec)
	if err != nil {
		return err.(*process.StartError)
	}
	if s.log.enabled(Debug) {
		s.log.say(Debug, "started the command", word("command", s.name), number("pid", s.command.PID))
	}
	return nil
}

// noFile is the inherited limit of descriptors, which package syscall has raised with the
// same system call that restores it. If a seccomp filter refuses that call, nothing was
// raised, and the command keeps the limit as it is.
func (s *supervisor) noFile(found intake.Limit) []process.Limit {
	if found.Hard == 0 {
		if s.log.enabled(Debug) {
			s.log.say(Debug, "cannot read RLIMIT_NOFILE: the command keeps it as it is")
		}
		return nil
	}
	return []process.Limit{{Resource: syscall.RLIMIT_NOFILE, Soft: found.Soft, Hard: found.Hard, Optional: true}}
}

// quoteBlank is a command's name for a message, quoted if it would be invisible.
func quoteBlank(name string) string {
	if text.Trim(name) == "" {
		return strconv.Quote(name)
	}
	return name
}

// cannotStart logs why the command does not run, and returns the status to exit with.
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
