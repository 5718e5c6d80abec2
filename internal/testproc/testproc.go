// Package testproc lets a test binary play the processes that its tests need: senders,
// receivers, orphans, programs that ignore SIGTERM. A role is run in a process of its own
// by executing the test binary again, as os/exec's own tests do.
//
//	func TestMain(m *testing.M) { testproc.Main(m) }
//
//	cmd := testproc.Command(t, "receive")
//
// Every process that a test starts through this package is killed, with all that
// descends from it in its process group, when the test ends, also when it fails.
package testproc

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// roleVariable names the role in the environment of a re-executed test binary.
const roleVariable = "SUPERVISE_TEST_ROLE"

// A role is what a helper process does with its arguments; it returns the exit status.
type role func(args []string) int

var roles = map[string]role{
	"receive":  receive,
	"sleep":    sleep,
	"orphans":  orphans,
	"status":   status,
	"exit":     exit,
	"stubborn": stubborn,
}

// Main runs the tests, or the role that the process was started for.
func Main(m *testing.M) {
	os.Exit(Run(m.Run))
}

// Run is [Main] for a TestMain that has more to do: it calls run unless the process plays
// a role, and returns the exit status.
func Run(run func() int) int {
	name := os.Getenv(roleVariable)
	if name == "" {
		return run()
	}
	play, ok := roles[name]
	if !ok {
		fmt.Fprintf(os.Stderr, "testproc: unknown role %q\n", name)
		return 99
	}
	return play(os.Args[1:])
}

// Argv returns the argument vector that plays a role when it is executed with the
// environment of [Environ].
func Argv(tb testing.TB, args ...string) []string {
	tb.Helper()
	self, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	return append([]string{self}, args...)
}

// Environ is this process's environment with a role in it.
func Environ(role string) []string { return append(os.Environ(), roleVariable+"="+role) }

// Command returns a command that plays a role in its own process group. Start it with
// [Start].
func Command(tb testing.TB, role string, args ...string) *exec.Cmd {
	tb.Helper()
	argv := Argv(tb, args...)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = Environ(role)
	return cmd
}

// Start starts a command as leader of its own process group, and sees to it that the
// group does not outlive the test.
func Start(tb testing.TB, cmd *exec.Cmd) {
	tb.Helper()
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_, _ = cmd.Process.Wait()
	})
}
