//go:build linux && (amd64 || arm64)

package process

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"supervise/internal/sys"
	"supervise/internal/testproc"
)

// TestNoPids has as many processes as a cgroup allows, and recovers when it allows more.
func TestNoPids(t *testing.T) {
	if !testproc.Alone(t, testproc.OwnProcess) {
		return
	}
	dir := pidsCgroup(t)
	write := func(file, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0); err != nil {
			t.Fatal(err)
		}
	}
	eachClone(t, func(t *testing.T) {
		call := "clone3"
		if !sys.FeatureClone3.Available() {
			call = "clone"
		}
		text, err := os.ReadFile(filepath.Join(dir, "pids.current"))
		if err != nil {
			t.Fatal(err)
		}
		before := descriptors(t)
		write("pids.max", strings.TrimSpace(string(text)))
		child, err := Start(&Spec{Path: "/bin/true"})
		write("pids.max", "max")
		checkError(t, "no room", err, call, syscall.EAGAIN, 126, true)
		if after := descriptors(t); child.PIDFD != -1 || after != before {
			t.Errorf("pidfd %d, %d descriptors before and %d after", child.PIDFD, before, after)
		}
		spec := sleeper()
		start(t, &spec)
	})
	childless(t)
}

// pidsCgroup moves this process into a cgroup that counts processes, of version 1, and
// leaves it for the one before when the test ends. One of version 2 in which somebody else
// has put processes beside groups cannot be told to count.
func pidsCgroup(t *testing.T) (dir string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("to make a cgroup takes root")
	}
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(mounts)) {
		if fields := strings.Fields(line); fields[2] == "cgroup" && strings.Contains(","+fields[3]+",", ",pids,") {
			dir = fields[1]
		}
	}
	if dir == "" {
		t.Skip("the pids controller of cgroup version 1 is not mounted")
	}
	root := dir
	dir = filepath.Join(root, "supervise-test-"+strconv.Itoa(os.Getpid()))
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Skip("cannot make a cgroup:", err)
	}
	move := func(to string) {
		if err := os.WriteFile(filepath.Join(to, "cgroup.procs"), []byte("0"), 0); err != nil {
			t.Error(err)
		}
	}
	move(dir)
	t.Cleanup(func() {
		move(root)
		if err := os.Remove(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}
