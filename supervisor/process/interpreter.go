package process

import (
	"strconv"
	"syscall"

	"supervise/internal/text"
)

// stepExecve begins the name of the last step, which ends with the file.
const stepExecve = "execve "

// withHint adds a hint to an error of a start, if one can be found.
func withHint(err error, spec *Spec) error {
	failure, ok := err.(*StartError)
	if ok && failure.Errno == syscall.ENOENT && failure.Step == stepExecve+spec.Path {
		file := spec.Path
		if spec.Dir != "" && file != "" && file[0] != '/' {
			file = spec.Dir + "/" + file // relative to the child's directory
		}
		failure.Hint = missingInterpreter(file)
	}
	return err
}

// missingInterpreter explains an ENOENT of execve(2) for a file that exists: what is missing
// is its interpreter, be it that of a script or the dynamic linker of a program. It returns
// "" if the file itself is missing or cannot be read.
func missingInterpreter(file string) string {
	fd, err := syscall.Open(file, syscall.O_RDONLY|syscall.O_CLOEXEC|syscall.O_NONBLOCK, 0)
	if err != nil {
		return ""
	}
	defer syscall.Close(fd)
	var start [256]byte // as much as the kernel reads: BINPRM_BUF_SIZE in linux/binfmts.h
	n, _ := syscall.Read(fd, start[:])
	head := string(start[:max(n, 0)])
	if _, elf := text.CutPrefix(head, "\x7fELF"); elf {
		return "the file is there, but not the dynamic linker that it asks for"
	}
	line, script := text.CutPrefix(head, "#!")
	if !script {
		return "the file is there, but not what the kernel would run it with"
	}
	interpreter := firstWord(line)
	if syscall.Access(interpreter, 0) == nil {
		return "the file and its interpreter " + strconv.Quote(interpreter) + " are there, but not what that needs itself"
	}
	return "the file is there, but not its interpreter " + strconv.Quote(interpreter)
}

// firstWord returns the interpreter as the kernel sees it after "#!": up to a blank, a tab or
// the end of the line, including a carriage return that an editor may have left there
// (load_script in fs/binfmt_script.c).
func firstWord(line string) string {
	blank := func(c byte) bool { return c == ' ' || c == '\t' }
	first := 0
	for first < len(line) && blank(line[first]) {
		first++
	}
	last := first
	for last < len(line) && !blank(line[last]) && line[last] != '\n' && line[last] != 0 {
		last++
	}
	return line[first:last]
}
