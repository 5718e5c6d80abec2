package process

import (
	"strconv"
	"syscall"

	"supervise/internal/text"
)

// stepExecve begins the name of the last step, which ends with the file.
const stepExecve = "execve "

// shell is what execvp(3) has a script run by that does not say by what.
const shell = "/bin/sh"

// Start starts a program and returns when it runs or has failed. The error is a [StartError],
// and then no child is left behind. The caller's other threads keep running.
//
// A text file without "#!" is run by /bin/sh, as execvp(3) does; a binary file that the kernel
// does not know is not, unlike there: a shell would take a program for another kind of machine
// for commands.
//
// The calling thread is stopped until the kernel has loaded the program, which takes as long
// as reading its file.
func Start(spec *Spec) (Process, error) {
	child, err := attempt(spec)
	failure, ok := err.(*StartError)
	if !ok {
		return child, err
	}
	if failure.Step != stepExecve+spec.Path {
		failure.Hint = refusedIdentity(failure)
		return child, failure
	}
	switch failure.Errno {
	case syscall.ENOENT:
		failure.Hint = missingInterpreter(spec.file(), spec.Credential != nil)
	case syscall.ENOEXEC:
		return startScript(spec, failure)
	}
	return child, failure
}

// file is where the program is for the supervisor. A relative path is relative to the child's
// directory.
func (s *Spec) file() string {
	if s.Dir != "" && s.Path != "" && s.Path[0] != '/' {
		return s.Dir + "/" + s.Path
	}
	return s.Path
}

// startScript starts a file by the shell for which execve(2) has ENOEXEC.
func startScript(spec *Spec, failure *StartError) (Process, error) {
	head, ok := beginning(spec.file(), spec.Credential != nil)
	switch _, elf := text.CutPrefix(head, elfMagic); {
	case !ok:
		return Process{PIDFD: -1}, failure
	case elf:
		failure.Hint = "it is a program for another kind of machine, or damaged"
		return Process{PIDFD: -1}, failure
	case isBinary(head):
		failure.Hint = "it is neither a program nor a text"
		return Process{PIDFD: -1}, failure
	}
	script := *spec
	file := spec.Path
	if file[0] == '-' || file[0] == '+' { // or the shell would take it for an option
		file = "./" + file
	}
	script.Path, script.Argv = shell, append([]string{shell, file}, spec.Argv[min(1, len(spec.Argv)):]...)
	child, err := attempt(&script)
	if err, ok := err.(*StartError); ok && err.Step == stepExecve+shell {
		failure.Hint = `it has no line "#!", and cannot be run by ` + shell + ": " + err.Errno.Error()
		return Process{PIDFD: -1}, failure
	}
	return child, err
}

// isBinary reports whether a file that begins like this cannot be a script: there is a zero
// byte in its first line.
func isBinary(head string) bool {
	line, _, _ := text.Cut(head, '\n')
	_, _, zero := text.Cut(line, 0)
	return zero
}

const elfMagic = "\x7fELF"

// headSize is as much of a file as the kernel reads to find out what runs it: BINPRM_BUF_SIZE
// in linux/binfmts.h.
const headSize = 256

// beginning reads the first headSize bytes of a regular file.
func beginning(file string, another bool) (head string, ok bool) {
	fd, ok := openRegular(file, another)
	if !ok {
		return "", false
	}
	defer syscall.Close(fd)
	var start [headSize]byte
	n, err := syscall.Read(fd, start[:])
	return string(start[:max(n, 0)]), err == nil
}

// openRegular opens a regular file to read. It is looked at before it is opened, as to open a
// device can have an effect: through its O_PATH descriptor it cannot be another one then. If
// another user might have put it there, everyone must be allowed to read it.
func openRegular(file string, another bool) (fd int, ok bool) {
	const oPath = 0x200000
	at, err := syscall.Open(file, oPath|syscall.O_CLOEXEC, 0)
	if err != nil {
		return -1, false
	}
	defer syscall.Close(at)
	var st syscall.Stat_t
	if syscall.Fstat(at, &st) != nil || st.Mode&syscall.S_IFMT != syscall.S_IFREG || another && st.Mode&syscall.S_IROTH == 0 {
		return -1, false
	}
	fd, err = syscall.Open("/proc/self/fd/"+strconv.Itoa(at), syscall.O_RDONLY|syscall.O_CLOEXEC|syscall.O_NONBLOCK, 0)
	return fd, err == nil
}

// missingInterpreter explains an ENOENT of execve(2) for a file that exists: what is missing
// is its interpreter, be it that of a script or the dynamic linker of a program. It returns
// "" if the file itself is missing or cannot be read. If it is to run as another user, that
// user may have put it there, and is told nothing of a file that not everyone may read.
func missingInterpreter(file string, another bool) string {
	head, ok := beginning(file, another)
	if !ok {
		return ""
	}
	if _, elf := text.CutPrefix(head, elfMagic); elf {
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
