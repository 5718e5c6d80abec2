package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"supervise/coredump"
)

// Setting is one that holds for the whole machine, by its name of sysctl(8).
type Setting string

// The settings.
const (
	Pattern      Setting = "kernel.core_pattern"
	UsesPID      Setting = "kernel.core_uses_pid"   // 0 or 1
	PipeLimit    Setting = "kernel.core_pipe_limit" // programs of a pipe at once, 0 for no limit
	SuidDumpable Setting = "fs.suid_dumpable"       // 0 to 2: proc_sys_fs(5)
)

// settings are all, in the order in which they are set: Linux warns of a suid_dumpable of 2
// while the pattern is still a relative path.
var settings = []Setting{Pattern, UsesPID, PipeLimit, SuidDumpable}

// All returns the settings in the order in which they are set.
func All() []Setting { return slices.Clone(settings) }

func (s Setting) path() string { return "/proc/sys/" + strings.ReplaceAll(string(s), ".", "/") }

// read returns the value without its line break.
func (s Setting) read() (string, error) {
	text, err := os.ReadFile(s.path())
	return strings.TrimSuffix(string(text), "\n"), err
}

// write sets the value, and reads it back: the kernel cuts off what it has no room for.
func (s Setting) write(value string) error {
	if err := os.WriteFile(s.path(), []byte(value+"\n"), 0); err != nil {
		return cannotSet(s, value, err)
	}
	now, err := s.read()
	if err == nil && now != value {
		err = fmt.Errorf("the kernel has made %q of it", now)
	}
	if err != nil {
		return cannotSet(s, value, err)
	}
	return nil
}

func cannotSet(s Setting, value string, err error) error {
	remedy := ""
	switch {
	case errors.Is(err, unix.EROFS):
		remedy = ": /proc/sys is read-only here, as in a container; set it on the host"
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		remedy = ": only root of the host may"
	case errors.Is(err, unix.EINVAL) && s == Pattern:
		remedy = ": a socket takes Linux 6.16, an absolute path, and the initial mount namespace"
	}
	return fmt.Errorf("cannot set %s to %q: %w%s", s, value, bare(err), remedy)
}

// bare is an error of the operating system without the path, which the message has already.
func bare(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// Kernel is what the kernel is set to.
type Kernel struct {
	Pattern      string // as it stands; coredump.ParsePattern parses all that a kernel has stored itself
	UsesPID      bool
	PipeLimit    int
	SuidDumpable int

	Sockets, Requests bool // it knows the patterns "@" and "@@"
	PIDFD             bool // it knows %F
}

// Read reads the settings. The error wraps [fs.ErrNotExist] where the kernel was built without
// cores, or /proc is not mounted.
func Read() (k Kernel, err error) {
	if k.Pattern, err = Pattern.read(); err != nil {
		return k, err
	}
	number := func(s Setting) int {
		text, failed := s.read()
		n, wrong := strconv.Atoi(text)
		err = errors.Join(err, failed)
		if failed == nil && wrong != nil {
			err = errors.Join(err, fmt.Errorf("%s is %q, which is no number", s, text))
		}
		return n
	}
	k.UsesPID = number(UsesPID) != 0
	k.PipeLimit, k.SuidDumpable = number(PipeLimit), number(SuidDumpable)
	var name unix.Utsname
	if unix.Uname(&name) == nil {
		k.known(unix.ByteSliceToString(name.Release[:]))
	}
	return k, err
}

// known sets what a release of Linux knows.
func (k *Kernel) known(release string) {
	var major, minor int
	_, _ = fmt.Sscanf(release, "%d.%d", &major, &minor)
	atLeast := func(a, b int) bool { return major > a || major == a && minor >= b }
	k.Sockets, k.PIDFD, k.Requests = atLeast(6, 16), atLeast(6, 16), atLeast(6, 17)
}

// Parsed is the pattern. Of one that begins with "@" kernels that do not know sockets make a
// file, which is told by a problem of [Check].
func (k Kernel) Parsed() (coredump.Pattern, error) { return coredump.ParsePattern(k.Pattern) }
