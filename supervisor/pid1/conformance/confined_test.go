package conformance

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"supervise/internal/sys"
	"supervise/internal/testproc"
)

// confinement is what a container may keep from init: descriptors, and system calls by a
// seccomp filter; and what init may inherit from whoever executes it. The zero value keeps
// nothing.
type confinement struct {
	subreaper bool   // it is one already: PR_SET_CHILD_SUBREAPER
	files     uint64 // RLIMIT_NOFILE, soft and hard; 0 for as it is
	errno     syscall.Errno
	calls     []uint32 // that fail with errno
}

func (c confinement) nothing() bool { return !c.subreaper && c.files == 0 && len(c.calls) == 0 }

// wrap returns the environment and the command line that confine a command.
func (c confinement) wrap(t *testing.T, argv ...string) (env, wrapped []string) {
	t.Helper()
	wrapped = testproc.Argv(t, strconv.FormatBool(c.subreaper), strconv.FormatUint(c.files, 10), strconv.Itoa(int(c.errno)), strconv.Itoa(len(c.calls)))
	for _, call := range c.calls {
		wrapped = append(wrapped, strconv.Itoa(int(call)))
	}
	return []string{testproc.RoleVariable + "=confined"}, append(wrapped, argv...)
}

// confined confines itself and becomes a command: see wrap.
func confined(args []string) int {
	if args[0] == "true" {
		if err := sys.Subreaper(); err != nil {
			return failed("prctl", err)
		}
	}
	args = args[1:]
	next := func() int {
		n, _ := strconv.Atoi(args[0])
		args = args[1:]
		return n
	}
	files, errno, calls := uint64(next()), syscall.Errno(next()), next()
	runtime.LockOSThread() // the filter is that of a thread
	if files > 0 {
		// What is open above the limit stays so.
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: files, Max: files}); err != nil {
			return failed("setrlimit", err)
		}
	}
	for range calls {
		if err := testproc.Refuse(uint32(next()), errno); err != nil {
			return failed("seccomp", err)
		}
	}
	file, err := exec.LookPath(args[0])
	if err != nil {
		return failed("find", err)
	}
	return failed("execve", syscall.Exec(file, args, os.Environ()))
}

func failed(what string, err error) int {
	fmt.Fprintln(os.Stderr, "confined:", what, err)
	return 99
}

// dispensable are system calls that init can do without.
var dispensable = map[string]uint32{
	"prlimit64":         unix.SYS_PRLIMIT64,
	"rt_sigqueueinfo":   unix.SYS_RT_SIGQUEUEINFO,
	"rt_tgsigqueueinfo": unix.SYS_RT_TGSIGQUEUEINFO,
	"pidfd_send_signal": unix.SYS_PIDFD_SEND_SIGNAL,
	"pidfd_open":        unix.SYS_PIDFD_OPEN,
	"clone3":            unix.SYS_CLONE3,
	"close_range":       unix.SYS_CLOSE_RANGE,
	"ppoll":             unix.SYS_PPOLL,
}

// openFiles prints RLIMIT_NOFILE, without a call that may be refused.
const openFiles = `while read a b c d e; do [ "$b" = open ] && echo $d; done </proc/self/limits`

// TestRefused has a seccomp filter refuse some of what init does: the command starts with
// the limit of descriptors that init was given, gets every signal, and what it leaves
// behind is ended all the same.
func TestRefused(t *testing.T) {
	var all []uint32
	for _, call := range dispensable {
		all = append(all, call)
	}
	try := func(what string, errno syscall.Errno, calls []uint32, told string, args ...string) row {
		return row{
			what: what + ": " + errno.Error(), name: own, args: append([]string{"--log-format=text", "--kill-remaining=0"}, args...),
			confined: confinement{files: 50, errno: errno, calls: calls},
			script:   openFiles + `; setsid sh -c 'trap "" TERM USR1; exec sleep 60' & ` + traps,
			signals:  ordinary, out: "50, " + ordinaryOut, status: 3, stderr: told,
		}
	}
	const lost, lostInGroup = "refuses rt_sigqueueinfo\n", "to the group without payload and sender"
	var rows []row
	for _, errno := range []syscall.Errno{syscall.EPERM, syscall.ENOSYS} {
		rows = append(rows,
			try("all", errno, all, lost),
			try("all, group", errno, all, lostInGroup, "-g"),
			try("pidfd_send_signal, group", errno, []uint32{unix.SYS_PIDFD_SEND_SIGNAL}, lostInGroup, "-g"),
		)
	}
	for name, call := range dispensable {
		told := "killing what is left of the command"
		if call == unix.SYS_RT_SIGQUEUEINFO {
			told = lost
		}
		rows = append(rows, try(name, syscall.EPERM, []uint32{call}, told))
	}
	run(t, rows)
}

// TestFewDescriptors leaves init none but the standard ones, or one more. The command needs
// that one itself, unless it is static.
func TestFewDescriptors(t *testing.T) {
	run(t, []row{
		{what: "4 descriptors", name: own, confined: confinement{files: 4}, script: traps, signals: ordinary, out: ordinaryOut, status: 3},
		{what: "4 descriptors, -g", name: own, confined: confinement{files: 4}, args: []string{"-g"}, script: traps, signals: ordinary, out: ordinaryOut, status: 3},
		{what: "3 descriptors", name: own, confined: confinement{files: 3}, args: []string{"--log-level=error"}, command: []string{filepath.Join(bin, "slim", own), "--no-such-flag"}, status: 2, stderr: "no-such-flag"},
	})
}
