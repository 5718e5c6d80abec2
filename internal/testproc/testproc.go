package testproc

import (
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Limit is how long a process may live that a test starts through this package.
const Limit = 2 * time.Minute

// roleVariable names the role in the environment of a re-executed test binary.
const roleVariable = "SUPERVISE_TEST_ROLE"

// A role is what a helper process does with its arguments; it returns the exit status.
type role func(args []string) int

var roles = map[string]role{
	"receive":   receive,
	"sleep":     sleep,
	"orphans":   orphans,
	"status":    status,
	"exit":      exit,
	"stubborn":  stubborn,
	"inherit":   inherit,
	"namespace": namespace,
}

// Role adds a role, which gets the arguments that the process was started with and
// returns its exit status. It is called before [Main].
func Role(name string, play func(args []string) int) {
	if _, ok := roles[name]; ok {
		panic("testproc: role " + name + " exists already")
	}
	roles[name] = play
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
func Environ(role string) []string { return environ(roleVariable + "=" + role) }

// environ is this process's environment and one more variable. Where the race detector
// is at work its second of waiting at exit is left out.
func environ(variable string) []string {
	return append(os.Environ(), variable, "GORACE=atexit_sleep_ms=0 "+os.Getenv("GORACE"))
}

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
// group outlives neither the test nor [Limit]. A test that runs into the limit fails, and
// says what the command and all below it are doing, before they are killed, so that what
// the test waits for comes to its end.
func Start(tb testing.TB, cmd *exec.Cmd) {
	tb.Helper()
	StartFor(tb, cmd, Limit)
}

// StartFor is [Start] with another limit than [Limit], for what is meant to take long.
func StartFor(tb testing.TB, cmd *exec.Cmd, limit time.Duration) {
	tb.Helper()
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = !cmd.SysProcAttr.Setsid // whose leader leads a group too
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	if cmd.WaitDelay == 0 {
		cmd.WaitDelay = limit // for who holds its output, wherever that is
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	var watch sync.Mutex
	ended := false
	deadline := time.AfterFunc(limit, func() {
		watch.Lock()
		defer watch.Unlock()
		if !ended && cmd.Process.Signal(syscall.Signal(0)) == nil { // else it has been waited for
			family := familyOf(cmd.Process.Pid)
			tb.Errorf("%v still runs after %v:\n%s", cmd.Args, limit, describe(family))
			killGroup(cmd)
			for _, pid := range family {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	})
	tb.Cleanup(func() {
		deadline.Stop()
		watch.Lock()
		ended = true
		watch.Unlock()
		killGroup(cmd)
		_, _ = cmd.Process.Wait()
	})
}

func killGroup(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
