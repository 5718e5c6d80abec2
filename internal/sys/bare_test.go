package sys

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"supervise/signals"
)

func TestExecutable(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		mode os.FileMode
		want syscall.Errno
	}{"plain": {0o644, syscall.EACCES}, "program": {0o755, 0}, "missing": {0, syscall.ENOENT}} {
		file := filepath.Join(dir, name)
		if c.mode != 0 {
			if err := os.WriteFile(file, nil, c.mode); err != nil {
				t.Fatal(err)
			}
		}
		path, _ := syscall.BytePtrFromString(file)
		if got := Executable(path); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	path, _ := syscall.BytePtrFromString(dir)
	if got := Executable(path); got != syscall.EACCES {
		t.Errorf("a directory: %v", got)
	}
}

// TestSelf compares what is asked without an error with what package syscall says.
func TestSelf(t *testing.T) {
	if PID() != syscall.Getpid() || Parent() != syscall.Getppid() || Group() != syscall.Getpgrp() {
		t.Errorf("%d, %d, %d", PID(), Parent(), Group())
	}
	if !AllOpen() {
		t.Error("a standard descriptor is closed")
	}
	if _, ok := Foreground(-1); ok || LeaveTerminal(-1) {
		t.Error("descriptor -1 is a terminal")
	}
	if errno := Send(PID(), 0); errno != 0 {
		t.Error(errno)
	}
	if errno := Send(1<<30, signals.SIGTERM); errno != syscall.ESRCH {
		t.Error(errno)
	}
	if IsIgnored(signals.SIGUSR2) != Ignored().Has(signals.SIGUSR2) {
		t.Error("SIGUSR2 is ignored and is not")
	}
}

// TestCloseAbove closes all but two, in a process of which nobody needs the others: of pipes that
// this test has opened, and above.
func TestCloseAbove(t *testing.T) {
	if os.Getenv("SUPERVISE_CLOSE_ABOVE") == "" {
		cmd, err := os.StartProcess(os.Args[0], []string{os.Args[0], "-test.run=^TestCloseAbove$"}, &os.ProcAttr{
			Env: append(os.Environ(), "SUPERVISE_CLOSE_ABOVE=1"), Files: []*os.File{os.Stdin, os.Stdout, os.Stderr},
		})
		if err != nil {
			t.Fatal(err)
		}
		if state, err := cmd.Wait(); err != nil || state.ExitCode() != 0 {
			t.Errorf("%v, %v", state, err)
		}
		return
	}
	const high = 100
	var fds [8]int
	for i := range fds {
		fd, _, errno := syscall.RawSyscall(syscall.SYS_FCNTL, 0, syscall.F_DUPFD, uintptr(high+2*i))
		if errno != 0 {
			os.Exit(1)
		}
		fds[i] = int(fd)
	}
	CloseAbove(fds[6], fds[2])
	for i, fd := range fds {
		_, _, errno := syscall.RawSyscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_GETFD, 0)
		if open := errno == 0; open != (i == 2 || i == 6) {
			os.Exit(2 + i)
		}
	}
	os.Exit(0)
}
