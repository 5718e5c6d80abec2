package pid1

import (
	"strconv"
	"syscall"

	"supervise/internal/text"
	"supervise/supervisor/process"
)

// start starts the command with what we were handed, as if we were not there.
func (s *supervisor) start() *process.StartError {
	path, havePath := syscall.Getenv("PATH")
	file, err := process.Lookup(s.Command[0], path, havePath)
	if err != nil {
		return err.(*process.StartError)
	}
	found := s.in.Inherited()
	spec := process.Spec{
		Path: file, Argv: s.Command, Env: syscall.Environ(), PIDVariable: listenPID(s.pid),
		Mask: found.Mask, Ignore: found.Ignored,
		Files:     []int{0, 1, 2},
		Placement: s.Placement, HasTerminal: s.terminal.given, Terminal: max(s.terminal.fd, 0),
		Limits: []process.Limit{{Resource: syscall.RLIMIT_NOFILE, Soft: found.NoFile.Soft, Hard: found.NoFile.Hard}},
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
	s.log.say(Error, "cannot start "+s.name+": "+err.Error()+s.missingInterpreter(err), number("status", status))
	return status
}

// missingInterpreter explains an ENOENT for a file that is there: it is the interpreter
// that is not, be it the one of a script, or the dynamic linker.
func (s *supervisor) missingInterpreter(err *process.StartError) string {
	file, ok := text.CutPrefix(err.Step, "execve ")
	if err.Errno != syscall.ENOENT || !ok || syscall.Access(file, 0) != nil {
		return ""
	}
	fd, open := syscall.Open(file, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if open != nil {
		return ""
	}
	defer syscall.Close(fd)
	var start [256]byte
	n, _ := syscall.Read(fd, start[:])
	line, _, _ := text.Cut(string(start[:max(n, 0)]), '\n')
	interpreter, ok := text.CutPrefix(line, "#!")
	if !ok {
		return " (the file is there, but not the dynamic linker that it asks for)"
	}
	interpreter, _, _ = text.Cut(text.Trim(interpreter), ' ')
	return " (the file is there, but not its interpreter " + strconv.Quote(interpreter) + ")"
}
