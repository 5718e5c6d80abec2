package testproc

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// aloneVariable names the test that the process was started for, in its environment.
const aloneVariable = "SUPERVISE_TEST_ALONE"

// Place is where a test runs that is [Alone].
type Place uint8

// The places.
const (
	// OwnProcess is a process in which no other test runs.
	OwnProcess Place = iota

	// OwnSession is a process that leads a session without a terminal.
	OwnSession

	// OwnNamespace is a process that is PID 1 of a PID namespace with its own /proc: nothing
	// that the test leaves behind outlives it, and nothing that it does affects other
	// processes.
	OwnNamespace
)

// Alone reports whether the process was started for this one test, which then goes on. If
// not, it starts such a process and takes over its result, and the test must return.
func Alone(t *testing.T, place Place) bool {
	t.Helper()
	if os.Getenv(aloneVariable) == t.Name() {
		if place == OwnNamespace {
			mountProc(t)
		}
		return true
	}
	cmd := exec.Command(Argv(t)[0], "-test.run="+exactly(t.Name()), "-test.count=1", "-test.v=true", "-test.timeout="+Limit.String())
	cmd.Env = environ(aloneVariable + "=" + t.Name())
	cmd.SysProcAttr = place.attributes()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if place == OwnNamespace {
		probeNamespace(t)
	}
	Start(t, cmd)
	err := cmd.Wait()
	text := out.String()
	switch {
	case err != nil:
		t.Errorf("alone: %v\n%s", err, text)
	case strings.Contains(text, "--- SKIP: "+t.Name()+" "):
		t.Skip("alone: " + strings.TrimSpace(text))
	case !strings.Contains(text, "--- PASS: "+t.Name()+" "):
		t.Errorf("alone: the test did not run\n%s", text)
	case testing.Verbose():
		t.Log(text)
	}
	return false
}

// exactly is the pattern of -test.run that matches exactly one test.
func exactly(name string) string {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return strings.Join(parts, "/")
}

func (p Place) attributes() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setsid: p == OwnSession}
	if p != OwnNamespace {
		return attr
	}
	attr.Cloneflags = syscall.CLONE_NEWPID | syscall.CLONE_NEWNS
	if os.Geteuid() != 0 {
		attr.Cloneflags |= syscall.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	return attr
}

// namespaces tells whether a PID namespace can be made here, and its /proc mounted.
var namespaces = sync.OnceValue(func() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self)
	cmd.Env = Environ("namespace")
	cmd.SysProcAttr = OwnNamespace.attributes()
	out, err := cmd.CombinedOutput()
	if err != nil && len(out) > 0 {
		return errors.New(string(out))
	}
	return err
})

func probeNamespace(t *testing.T) {
	t.Helper()
	if err := namespaces(); err != nil {
		t.Skip("cannot make a PID namespace here:", err)
	}
}

func mountProc(t *testing.T) {
	t.Helper()
	if err := ownProc(); err != nil {
		t.Fatal(err)
	}
}

// ownProc mounts the /proc of the PID namespace that the process is in, for itself alone.
func ownProc() error {
	if err := syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return os.NewSyscallError("mount private", err)
	}
	return os.NewSyscallError("mount proc", syscall.Mount("proc", "/proc", "proc", 0, ""))
}

// namespace only finds out whether it could be one.
func namespace([]string) int {
	if err := ownProc(); err != nil {
		os.Stderr.WriteString(err.Error())
		return 1
	}
	return 0
}
