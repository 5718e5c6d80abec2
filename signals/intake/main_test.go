//go:build linux && (amd64 || arm64)

package intake_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"supervise/internal/sys"
	"supervise/internal/testproc"
	"supervise/signals"
	"supervise/signals/intake"
)

// scratch is a directory that is removed when all tests are done.
var scratch string

func TestMain(m *testing.M) {
	testproc.Role("listen", listen)
	testproc.Role("wake", wake)
	testproc.Role("timeouts", timeouts)
	testproc.Role("faults", faults)
	testproc.Role("pipes", pipes)
	testproc.Role("leave", leave)
	testproc.Role("hold", hold)
	testproc.Role("busy", busy)
	testproc.Role("variables", variables)
	os.Exit(testproc.Run(func() int {
		var err error
		if scratch, err = os.MkdirTemp("", "supervise-intake"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(scratch)
		return m.Run()
	}))
}

// entryBuild is linked with the ELF entry point of package boot, so that roles are played in
// mode Entry.
var entryBuild = sync.OnceValues(func() (string, error) {
	return link("entry.test", "CGO_ENABLED=0", "-ldflags=-E=_boot_entry")
})

// link links this test binary again, with a variable in the environment and flags.
func link(name, variable string, flags ...string) (file string, err error) {
	file = filepath.Join(scratch, name)
	build := exec.Command("go", append(append([]string{"test", "-c", "-o", file}, flags...), ".")...)
	build.Env = append(os.Environ(), variable)
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return file, nil
}

// build is the test binary linked in one of the two ways.
type build struct {
	mode intake.Mode
	file string
}

// in returns the build whose processes take signals in by the mode.
func in(t *testing.T, mode intake.Mode) build {
	t.Helper()
	if mode == intake.Reexec {
		return build{mode, testproc.Argv(t)[0]}
	}
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("the go command is not there to link with:", err)
	}
	file, err := entryBuild()
	if err != nil {
		t.Fatal(err)
	}
	return build{mode, file}
}

// eachMode runs a test with both builds.
func eachMode(t *testing.T, test func(t *testing.T, b build)) {
	t.Helper()
	for _, mode := range []intake.Mode{intake.Reexec, intake.Entry} {
		t.Run(mode.String(), func(t *testing.T) { test(t, in(t, mode)) })
	}
}

// command returns a command that plays a role.
func (b build) command(role string, args ...string) *exec.Cmd {
	cmd := exec.Command(b.file, args...)
	cmd.Env = testproc.Environ(role)
	return cmd
}

// run plays a role to its end. A role that finds something wrong says so on its standard
// error and exits with another code than 0.
func (b build) run(t *testing.T, role string, args ...string) string {
	t.Helper()
	cmd := b.command(role, args...)
	var out, complaints strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &complaints
	testproc.Start(t, cmd)
	if err := cmd.Wait(); err != nil || complaints.Len() > 0 {
		t.Errorf("%s: %v\n%s", role, err, complaints.String())
	}
	return out.String()
}

// subject is a running role that says line by line what it gets.
type subject struct {
	*exec.Cmd
	lines *bufio.Scanner
	stdin *os.File
	self  signals.Info // what we send: the code, pid and uid of sigqueue(3)
}

// start starts a role and waits for its first line, which it returns.
func start(t *testing.T, cmd *exec.Cmd) (*subject, string) {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	testproc.Start(t, cmd)
	s := &subject{
		Cmd: cmd, lines: bufio.NewScanner(out), stdin: in.(*os.File),
		self: signals.Info{Code: signals.CodeQueue, PID: int32(os.Getpid()), UID: uint32(os.Getuid())},
	}
	first, ok := s.line()
	if !ok {
		t.Fatalf("%v says nothing: %v", cmd.Args, cmd.Wait())
	}
	return s, first
}

func (s *subject) line() (string, bool) {
	ok := s.lines.Scan()
	return s.lines.Text(), ok
}

// queue sends a signal with a value, and again while there is no room for it.
func (s *subject) queue(t *testing.T, signal signals.Signal, value uint64) {
	t.Helper()
	info := s.self
	info.Signal, info.Value = signal, value
	for {
		err := sys.Queue(s.Process.Pid, info)
		if err == nil {
			return
		}
		if err != syscall.EAGAIN {
			t.Fatalf("sigqueue %v: %v", signal, err)
		}
	}
}

func (s *subject) kill(t *testing.T, signal signals.Signal) {
	t.Helper()
	if err := sys.Kill(s.Process.Pid, signal); err != nil {
		t.Fatalf("kill %v: %v", signal, err)
	}
}

// got is a signal as the subject has got it, and when its Wait had returned, in
// nanoseconds of the monotonic clock.
type got struct {
	signals.Info
	at int64
}

// next returns the next signal that the subject got; false when it has said its last.
func (s *subject) next(t *testing.T) (g got, ok bool) {
	t.Helper()
	line, ok := s.line()
	if !ok {
		t.Fatalf("the subject is gone: %v", s.Wait())
	}
	if line == "end" {
		return g, false
	}
	var number, code int
	if _, err := fmt.Sscan(line, &number, &code, &g.PID, &g.UID, &g.Value, &g.at); err != nil {
		t.Fatalf("the subject says %q: %v", line, err)
	}
	g.Signal, g.Code = signals.Signal(number), signals.Code(code)
	return g, true
}

// rest ends the subject and returns what it got until then.
func (s *subject) rest(t *testing.T) (all []got) {
	t.Helper()
	s.queue(t, testproc.LastSignal, testproc.LastValue)
	for g, ok := s.next(t); ok; g, ok = s.next(t) {
		all = append(all, g)
	}
	if err := s.Wait(); err != nil {
		t.Errorf("the subject: %v", err)
	}
	return all
}
