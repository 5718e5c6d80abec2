package main_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// sandbox contains a supervise run and everything that it starts.
type sandbox struct {
	cgroup string // root: everything is below it
	mark   string // a variable in the environment of everything
}

// pids lists the living processes of the sandbox.
func (s sandbox) pids() (pids []int) {
	if s.cgroup != "" {
		_ = filepath.WalkDir(s.cgroup, func(path string, _ os.DirEntry, _ error) error {
			text, _ := os.ReadFile(filepath.Join(path, "cgroup.procs"))
			for field := range strings.FieldsSeq(string(text)) {
				if pid, err := strconv.Atoi(field); err == nil {
					pids = append(pids, pid)
				}
			}
			return nil
		})
		return pids
	}
	names, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, name := range names {
		environ, err := os.ReadFile(name)
		if err == nil && slices.ContainsFunc(bytes.Split(environ, []byte{0}), func(v []byte) bool { return string(v) == s.mark }) {
			pid, _ := strconv.Atoi(strings.Split(name, "/")[2])
			pids = append(pids, pid)
		}
	}
	return pids
}

// killAll kills whatever is left after a failed test.
func (s sandbox) killAll() {
	for _, pid := range s.pids() {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// checkEmpty fails the test if there is a process, or a cgroup below that of the test.
func (s sandbox) checkEmpty(t *testing.T) {
	t.Helper()
	for _, pid := range s.pids() {
		text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
		if err == nil && !bytes.Contains(text, []byte("State:\tZ")) {
			t.Errorf("process %d is left: %s", pid, bytes.Join(bytes.SplitN(text, []byte("\n"), 8)[:7], []byte(", ")))
		}
	}
	if s.cgroup == "" {
		return
	}
	below, _ := filepath.Glob(filepath.Join(s.cgroup, "*/cgroup.procs"))
	if len(below) > 0 {
		t.Errorf("cgroups are left: %v", below)
	}
}

// alive reports whether a process is there that is no zombie.
func alive(pid int) bool {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	return rest != "" && rest[0] != 'Z' && rest[0] != 'X'
}

// awaitGone waits until a process has ended, whoever's child it is.
func awaitGone(t *testing.T, pid int) {
	t.Helper()
	fd, err := unix.PidfdOpen(pid, 0)
	if err == unix.ESRCH {
		return
	}
	if err != nil {
		t.Fatalf("pidfd_open: %v", err)
	}
	defer unix.Close(fd)
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for deadline := time.Now().Add(patience); ; {
		n, err := unix.Poll(fds, int(time.Until(deadline).Milliseconds()))
		if err == unix.EINTR {
			continue
		}
		if err != nil || n != 1 {
			t.Fatalf("process %d does not end: %v", pid, err)
		}
		return
	}
}

func kill(t *testing.T, pid int, sig syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, sig); err != nil {
		t.Fatalf("kill %d: %v", pid, err)
	}
}
