package settings

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"supervise/internal/sys"
)

// lookAtProgram looks at the program of a pipe. The kernel executes it as root, with "/" as
// the working directory: a relative path begins there.
func lookAtProgram(s *Subject) {
	t := &s.Target
	root := initialRoot(s)
	if root < 0 || strings.Contains(t.Path, unknown) {
		s.Unknown = append(s.Unknown, "the program "+s.Pattern.Path())
		return
	}
	defer unix.Close(root)
	t.Seen = true
	t.Program = executable(root, t.Path, 0)
	t.Running = running()
}

// errNoExec and others are what the kernel's error numbers do not say.
var (
	errNotRegular  = errors.New("it is not a regular file")
	errNoBits      = errors.New("nobody may execute it: its mode has no x")
	errNoExecMount = errors.New("it is on a file system that is mounted noexec")
	errNoProgram   = errors.New("it is no program: it begins neither with #! nor as an ELF file")
)

// scripts is how deep scripts may interpret scripts: linux/binfmts.h.
const scripts = 5

// executable says why the kernel could not execute a file.
func executable(root int, name string, depth int) error {
	fd, err := openBelow(root, strings.TrimLeft(name, "/"), unix.O_PATH, unix.RESOLVE_IN_ROOT)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	var system unix.Statfs_t
	if err := errors.Join(unix.Fstat(fd, &st), unix.Fstatfs(fd, &system)); err != nil {
		return err
	}
	switch {
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		return errNotRegular
	case st.Mode&0o111 == 0:
		return errNoBits
	case system.Flags&unix.ST_NOEXEC != 0:
		return errNoExecMount
	}
	start := make([]byte, 256)
	file, err := openBelow(root, strings.TrimLeft(name, "/"), unix.O_RDONLY, unix.RESOLVE_IN_ROOT)
	if err != nil {
		return nil // it may be executed without being read
	}
	defer unix.Close(file)
	n, _ := unix.Pread(file, start, 0)
	text := string(start[:max(n, 0)])
	if interpreter, ok := strings.CutPrefix(text, "#!"); ok && depth < scripts {
		line, _, _ := strings.Cut(interpreter, "\n")
		fields := strings.Fields(line)
		if len(fields) == 0 {
			return errNoProgram
		}
		if err := executable(root, fields[0], depth+1); err != nil {
			return fmt.Errorf("its interpreter %s cannot be executed: %w", fields[0], err)
		}
		return nil
	}
	if !strings.HasPrefix(text, "\x7fELF") {
		return errNoProgram
	}
	return nil
}

// running counts the programs that the kernel has started for cores and that still run: its
// children with the core limit of 1 that it gives to these, umh_coredump_setup in fs/coredump.c.
func running() (n int) {
	for process := range sys.Processes() {
		if process.Parent != kthreadd {
			continue
		}
		if soft, hard, err := Limit(process.PID); err == nil && soft == 1 && hard == 1 {
			n++
		}
	}
	return n
}
