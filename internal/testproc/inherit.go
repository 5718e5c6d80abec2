package testproc

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"supervise/internal/sys"
	"supervise/signals"
)

// Inheriting returns a command that is executed with exactly this signal mask and these
// ignored signals, and with the role, if it is not empty, in its environment. It keeps its
// pid, so that pending signals stay pending.
func Inheriting(tb testing.TB, mask, ignored signals.Set, role, file string, args ...string) *exec.Cmd {
	tb.Helper()
	return Command(tb, "inherit", append([]string{mask.Mask(), ignored.Mask(), role, file}, args...)...)
}

// inherit executes the program of its fourth argument, with the fifth and so on, as
// [Inheriting] says, and first undoes the Go runtime's changes to dispositions.
func inherit(args []string) int {
	mask, err := signals.ParseMask(args[0])
	if err != nil {
		return usage(err)
	}
	ignored, err := signals.ParseMask(args[1])
	if err != nil {
		return usage(err)
	}
	if err := os.Setenv(roleVariable, args[2]); err != nil {
		return usage(err)
	}
	// The mask of the thread that calls execve is the program's. From here on a signal
	// kills this process, or is lost on it.
	runtime.LockOSThread()
	sys.SetMask(signals.Full)
	for s := range signals.Full.All() {
		disposition(s, ignored.Has(s))
	}
	sys.SetMask(mask)
	return usage(syscall.Exec(args[3], args[3:], os.Environ()))
}

// disposition makes the kernel ignore a signal or use its default: rt_sigaction(2).
func disposition(s signals.Signal, ignore bool) {
	var action struct {
		handler, flags, restorer uintptr
		mask                     signals.Set
	}
	if ignore {
		action.handler = 1 // SIG_IGN
	}
	_, _, _ = syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(s), uintptr(unsafe.Pointer(&action)), 0, 8, 0, 0)
}

func usage(err error) int {
	fmt.Fprintln(os.Stderr, "testproc:", err)
	return 96
}
