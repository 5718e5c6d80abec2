package testproc

import (
	"bufio"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

var cgroups atomic.Int32

// Cgroup makes an empty cgroup2 directory, and removes it with everything below it when the
// test ends. It skips the test if none can be made.
func Cgroup(tb testing.TB) (dir string) {
	tb.Helper()
	if os.Geteuid() != 0 {
		tb.Skip("to make a cgroup takes root")
	}
	root := CgroupRoot()
	if root == "" {
		tb.Skip("no cgroup2 hierarchy is mounted")
	}
	name := "supervise-test-" + strconv.Itoa(os.Getpid()) + "-" + strconv.Itoa(int(cgroups.Add(1)))
	dir = filepath.Join(root, name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		tb.Skip("cannot make a cgroup:", err)
	}
	tb.Cleanup(func() { removeCgroup(tb, dir) })
	return dir
}

// CgroupRoot returns where the root of the cgroup2 hierarchy is mounted, "" for nowhere.
func CgroupRoot() string {
	mounts, err := os.Open("/proc/self/mounts")
	if err != nil {
		return ""
	}
	defer mounts.Close()
	for lines := bufio.NewScanner(mounts); lines.Scan(); {
		if fields := strings.Fields(lines.Text()); len(fields) > 2 && fields[2] == "cgroup2" {
			return fields[1]
		}
	}
	return ""
}

// removeCgroup kills what is left in a cgroup, waits until it is empty, and removes it.
func removeCgroup(tb testing.TB, dir string) {
	_ = os.WriteFile(filepath.Join(dir, "cgroup.kill"), []byte("1"), 0)
	events, err := os.Open(filepath.Join(dir, "cgroup.events"))
	if err != nil {
		return // the test has removed it
	}
	defer events.Close()
	deadline := time.Now().Add(10 * time.Second)
	for time.Now().Before(deadline) {
		text := make([]byte, 256)
		n, _ := events.ReadAt(text, 0)
		if strings.Contains(string(text[:n]), "populated 0") {
			break
		}
		waitPriority(int(events.Fd()), deadline)
	}
	removeBelow(dir)
	if err := syscall.Rmdir(dir); err != nil && err != syscall.ENOENT {
		tb.Errorf("cannot remove %s: %v", dir, err)
	}
}

// waitPriority waits for POLLPRI, by which the kernel reports a change of cgroup.events:
// cgroups(7).
func waitPriority(fd int, deadline time.Time) {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLPRI}}
	_, _ = unix.Poll(fds, int(time.Until(deadline).Milliseconds()))
}

func removeBelow(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, entry := range entries {
		if entry.IsDir() {
			removeBelow(filepath.Join(dir, entry.Name()))
			_ = syscall.Rmdir(filepath.Join(dir, entry.Name()))
		}
	}
}
