package testproc

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const (
	corePattern     = "/proc/sys/kernel/core_pattern"
	corePatternLock = "/tmp/supervise-test-core-pattern"
)

// coreSettings are what a collector of cores may set, the pattern first.
var coreSettings = []string{corePattern, "/proc/sys/kernel/core_pipe_limit", "/proc/sys/kernel/core_uses_pid", "/proc/sys/fs/suid_dumpable"}

// guardCorePattern waits until nobody holds its standard input open, writes back what its
// arguments say, each a file and its content, and lets go of the lock, its descriptor 3.
const guardCorePattern = `trap '' HUP INT QUIT TERM; cat >/dev/null; s=0
while [ $# -gt 0 ]; do printf '%s\n' "$2" >"$1" || s=1; shift 2; done; exit $s`

// CorePattern sets kernel.core_pattern for a test, and puts it back at the end, also if the
// test binary is killed. It is the whole machine's, so that tests take turns, those of other
// packages too. It skips the test if the pattern cannot be set.
func CorePattern(tb testing.TB, pattern string) {
	tb.Helper()
	restore := GuardCorePattern(tb)
	tb.Cleanup(restore)
	if err := os.WriteFile(corePattern, []byte(pattern+"\n"), 0); err != nil {
		tb.Skip("cannot set core_pattern:", err)
	}
}

// GuardCorePattern keeps other tests from setting kernel.core_pattern until restore, which
// writes back what it was now, and what belongs to it. A test whose processes set it calls
// this first.
func GuardCorePattern(tb testing.TB) (restore func()) {
	tb.Helper()
	if os.Geteuid() != 0 {
		tb.Skip("to set core_pattern takes root")
	}
	lock := lockCorePattern(tb, unix.LOCK_EX)
	defer lock.Close()
	args := []string{"-c", guardCorePattern, "sh"}
	for _, file := range coreSettings {
		old, err := os.ReadFile(file)
		if err != nil {
			tb.Skip("cannot read the settings of cores:", err)
		}
		args = append(args, file, strings.TrimSuffix(string(old), "\n"))
	}
	guard := exec.Command("/bin/sh", args...)
	guard.ExtraFiles = []*os.File{lock}
	guard.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	guard.Stderr = os.Stderr
	held, err := guard.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := guard.Start(); err != nil {
		tb.Fatal(err)
	}
	return func() { endGuard(tb, guard, held) }
}

func endGuard(tb testing.TB, guard *exec.Cmd, held io.Closer) {
	_ = held.Close()
	if err := guard.Wait(); err != nil {
		tb.Error("core_pattern was not put back:", err)
	}
}

// NoCorePattern keeps tests from setting core_pattern while this one runs, whose processes are
// ended by signals that dump core.
func NoCorePattern(tb testing.TB) {
	tb.Helper()
	lock := lockCorePattern(tb, unix.LOCK_SH)
	tb.Cleanup(func() { _ = lock.Close() })
}

// patience is how long other tests may keep the pattern.
const patience = 5 * time.Minute

func lockCorePattern(tb testing.TB, how int) *os.File {
	tb.Helper()
	lock, err := openLock()
	if err != nil {
		tb.Fatal(err)
	}
	taken := make(chan error, 1)
	go func() {
		err := unix.EINTR
		for err == unix.EINTR {
			err, _ = unix.Flock(int(lock.Fd()), how).(unix.Errno)
		}
		if err != 0 {
			taken <- err
		}
		close(taken)
	}()
	select {
	case err := <-taken:
		if err != nil {
			tb.Fatal(fmt.Errorf("cannot lock %s: %w", corePatternLock, err))
		}
	case <-time.After(patience):
		tb.Fatalf("another test has held %s for %v", corePatternLock, patience)
	}
	return lock
}

// openLock opens the lock, which root's tests and those of others share. O_CREAT comes second:
// with fs.protected_regular it fails for a file of somebody else in /tmp.
func openLock() (*os.File, error) {
	const flags = unix.O_RDONLY | unix.O_CLOEXEC | unix.O_NOFOLLOW
	fd, err := unix.Open(corePatternLock, flags, 0)
	if err == unix.ENOENT {
		fd, err = unix.Open(corePatternLock, flags|unix.O_CREAT, 0o644)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot open %s: %w", corePatternLock, err)
	}
	return os.NewFile(uintptr(fd), corePatternLock), nil
}
