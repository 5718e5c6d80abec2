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
		failure.Hint = missingInterpreter(file, spec.Credential != nil)
	}
	return err
}

// missingInterpreter explains an ENOENT of execve(2) for a file that exists: what is missing
// is its interpreter, be it that of a script or the dynamic linker of a program. It returns
// "" if the file itself is missing or cannot be read. If it is to run as another user, that
// user may have put it there, and is told nothing of a file that not everyone may read.
func missingInterpreter(file string, another bool) string {
	head := beginning(file, another)
	if head == "" {
		return ""
	}
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

// beginning reads as much of a regular file as the kernel does: BINPRM_BUF_SIZE in
// linux/binfmts.h. It is looked at before it is opened, as to open a device can have an
// effect: through its O_PATH descriptor it cannot be another one then.
func beginning(file string, another bool) string {
	const oPath = 0x200000
	at, err := syscall.Open(file, oPath|syscall.O_CLOEXEC, 0)
	if err != nil {
		return ""
	}
	defer syscall.Close(at)
	var st syscall.Stat_t
	if syscall.Fstat(at, &st) != nil || st.Mode&syscall.S_IFMT != syscall.S_IFREG || another && st.Mode&syscall.S_IROTH == 0 {
		return ""
	}
	fd, err := syscall.Open("/proc/self/fd/"+strconv.Itoa(at), syscall.O_RDONLY|syscall.O_CLOEXEC|syscall.O_NONBLOCK, 0)
	if err != nil {
		return ""
	}
	defer syscall.Close(fd)
	var start [256]byte
	n, _ := syscall.Read(fd, start[:])
	return string(start[:max(n, 0)])
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
