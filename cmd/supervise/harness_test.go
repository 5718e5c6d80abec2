package main_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"supervise/internal/testproc"
)

// patience is how long anything may take that a test waits for. It is far more than it
// needs on a busy machine: a test that runs into it has failed.
const patience = 40 * time.Second

// supervised is a supervise run under test.
type supervised struct {
	*journal
	cmd     *exec.Cmd
	dir     string // for the test's files; anyone can use it
	runtime string
	sandbox sandbox
	limit   time.Duration // how long it may run, if that is more than testproc.Limit
	done    bool
}

// setup is what a test wants to be different about a supervise run.
type setup func(s *supervised)

// asNobody has supervise run by a user without rights, if the test has the right to do
// so; else it is such a user already.
func asNobody(s *supervised) {
	if os.Geteuid() == 0 {
		s.cmd.SysProcAttr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	}
}

// nobody is Debian's uid and gid of that name.
const nobody = 65534

// eachUser runs a test as root, where services have cgroups, and as a user without rights,
// where they have none.
func eachUser(t *testing.T, test func(t *testing.T, as setup)) {
	t.Helper()
	t.Run("root", func(t *testing.T) {
		t.Parallel()
		needRoot(t)
		test(t, func(*supervised) {})
	})
	t.Run("user", func(t *testing.T) {
		t.Parallel()
		test(t, asNobody)
	})
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
}

// openDir makes a directory that any user can use, and removes it.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "supervise-test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	return dir
}

func writeFile(t *testing.T, file, text string) string {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// enterSandbox puts a supervise run where nothing that it starts can escape unseen: into a
// cgroup if one can be made, and with a mark in its environment in any case.
func (s *supervised) enterSandbox(t *testing.T) {
	s.sandbox.mark = "SUPERVISE_TEST_SANDBOX=" + s.dir
	s.cmd.Env = append(os.Environ(), s.sandbox.mark, "GORACE=atexit_sleep_ms=0", "XDG_RUNTIME_DIR="+s.dir)
	s.cmd.SysProcAttr = &syscall.SysProcAttr{}
	if os.Geteuid() != 0 {
		t.Cleanup(s.sandbox.killAll)
		return
	}
	s.sandbox.cgroup = testproc.Cgroup(t)
	cgroup, err := os.Open(s.sandbox.cgroup)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cgroup.Close() })
	s.cmd.SysProcAttr.UseCgroupFD = true
	s.cmd.SysProcAttr.CgroupFD = int(cgroup.Fd())
}

// start starts supervise run with a configuration that begins with the rest of the table
// [supervisor], and waits until it has begun.
func start(t *testing.T, program, config string, setups ...setup) *supervised {
	t.Helper()
	s := prepare(t, program, config, setups...)
	s.launch(t)
	s.await("the start", says("", "supervise starts"))
	return s
}

// prepare is start without starting.
func prepare(t *testing.T, program, config string, setups ...setup) *supervised {
	t.Helper()
	s := &supervised{dir: openDir(t)}
	s.runtime = filepath.Join(s.dir, "runtime")
	config = strings.ReplaceAll(config, "$DIR", s.dir)
	config = strings.ReplaceAll(config, "$HELPER", helper)
	file := writeFile(t, filepath.Join(s.dir, "test.toml"), withRuntime(s.runtime, config))
	s.cmd = exec.Command(program, "run", "--log-format", "json", "--log-level", "debug", file)
	s.enterSandbox(t)
	for _, setup := range setups {
		setup(s)
	}
	return s
}

// withRuntime is a configuration that begins with the rest of the table [supervisor]. Without a word
// about the recorder there is none: loading it takes a while, and most tests do not ask.
func withRuntime(runtime, config string) string {
	if !strings.Contains(config, "recorder = ") {
		config = "recorder = \"off\"\n" + config
	}
	return fmt.Sprintf("[supervisor]\nruntime-dir = %q\n%s", runtime, config)
}

// launch starts the command of s, with one pipe for all of its output unless the test has
// set that up.
func (s *supervised) launch(t *testing.T) {
	t.Helper()
	if s.cmd.Stdout == nil && s.cmd.Stderr == nil {
		read, write, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = read.Close() })
		defer write.Close()
		s.cmd.Stdout, s.cmd.Stderr = write, write
		s.journal = journalOf(t, read)
	}
	testproc.StartFor(t, s.cmd, max(s.limit, testproc.Limit))
	t.Cleanup(func() {
		running := s.cmd.ProcessState == nil
		if running && !t.Failed() && !t.Skipped() {
			t.Error("the test has not waited for the end of supervise")
		}
		if t.Failed() && s.journal != nil {
			t.Log(s.text())
		}
		if running || t.Failed() && !s.done {
			// Its services are in sessions of their own.
			_ = s.cmd.Process.Kill()
			s.sandbox.killAll()
			s.removeObjects()
		}
	})
}

func (s *supervised) signal(t *testing.T, sig syscall.Signal) {
	t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		t.Fatalf("kill supervise: %v", err)
	}
}

// stop sends a signal and waits for the end, which it checks.
func (s *supervised) stop(t *testing.T, sig syscall.Signal) []line {
	t.Helper()
	s.signal(t, sig)
	return s.end(t)
}

// end waits until supervise has ended, and fails the test unless it did so with status 0,
// left no process and no cgroup, and gave its lock back. It returns what it wrote.
func (s *supervised) end(t *testing.T) []line {
	t.Helper()
	if status := s.wait(t); status != 0 {
		t.Errorf("supervise ended with status %d", status)
	}
	return s.checkEnd(t)
}

// checkEnd is what end does after the end.
func (s *supervised) checkEnd(t *testing.T) []line {
	t.Helper()
	s.sandbox.checkEmpty(t)
	checkUnlocked(t, s.runtime)
	if s.journal == nil {
		return nil
	}
	lines := s.all()
	for _, l := range lines {
		if l.Level == "not JSON" {
			t.Errorf("no line of JSON: %q", l.raw)
		}
	}
	return lines
}

// wait returns the exit status, or kills supervise when that does not end.
func (s *supervised) wait(t *testing.T) int {
	t.Helper()
	timer := time.AfterFunc(patience, func() {
		t.Error("supervise does not end")
		_ = s.cmd.Process.Kill()
	})
	defer timer.Stop()
	err := s.cmd.Wait()
	s.done = !t.Failed()
	return exitCode(t, err)
}

// exitCode is what Wait returned, as a shell would have it.
func exitCode(t *testing.T, err error) int {
	t.Helper()
	if err == nil {
		return 0
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if wait := exit.Sys().(syscall.WaitStatus); wait.Signaled() {
		return 128 + int(wait.Signal())
	}
	return exit.ExitCode()
}

// checkUnlocked fails the test unless the lock of a runtime directory is free and empty.
func checkUnlocked(t *testing.T, dir string) {
	t.Helper()
	lock, err := os.Open(filepath.Join(dir, "lock"))
	if err != nil {
		t.Error(err)
		return
	}
	defer lock.Close()
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		t.Errorf("the runtime directory is still locked: %v", err)
	}
	if text, _ := io.ReadAll(lock); len(text) > 0 {
		t.Errorf("the lock of a supervisor that ended says %q", text)
	}
}

// withFIFO makes a FIFO in the test's directory, on which a service can wait for the test.
func withFIFO(t *testing.T, name string) setup {
	return func(s *supervised) {
		file := filepath.Join(s.dir, name)
		if err := syscall.Mkfifo(file, 0o666); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(file, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// release unblocks the reader of a FIFO. Either may come first. It is for
// one reader: the next one may find it open still, and then its end.
func (s *supervised) release(t *testing.T, name string) {
	t.Helper()
	fifo := openFIFO(t, filepath.Join(s.dir, name), os.O_WRONLY)
	defer fifo.Close()
	if _, err := fifo.WriteString("\n"); err != nil {
		t.Fatal(err)
	}
}

// openFIFO opens a FIFO, and waits until its other end is open, too.
func openFIFO(t *testing.T, name string, mode int) *os.File {
	t.Helper()
	type opened struct {
		file *os.File
		err  error
	}
	done := make(chan opened, 1)
	go func() {
		file, err := os.OpenFile(name, mode, 0)
		done <- opened{file, err}
	}()
	o := await(t, "the other end of "+name, done)
	if o.err != nil {
		t.Fatal(o.err)
	}
	return o.file
}

// await receives from a channel.
func await[T any](t *testing.T, what string, from <-chan T) (got T) {
	t.Helper()
	select {
	case got = <-from:
	case <-time.After(patience):
		t.Fatalf("never came: %s", what)
	}
	return got
}

// awaitPID waits for a line of the form "pid 123" of a service.
func (s *supervised) awaitPID(service string) (pid int) {
	s.t.Helper()
	l := s.await("a pid of "+service, func(l line) bool { return l.Service == service && strings.HasPrefix(l.Line, "pid ") })
	if _, err := fmt.Sscanf(l.Line, "pid %d", &pid); err != nil {
		s.t.Fatal(err)
	}
	return pid
}
