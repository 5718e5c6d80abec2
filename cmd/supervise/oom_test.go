package main_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"supervise/supervisor/status"
)

// TestOOMKill has the kernel's OOM killer end a service for real, in a memory cgroup of its
// own, and an operator another one: they must not be taken for each other.
func TestOOMKill(t *testing.T) {
	t.Parallel()
	needRoot(t)
	group := memoryCgroup(t, 20<<20)
	s := start(t, entryBuild, `
[service.greedy]
command = ["sh", "-c", 'echo $$ >"`+group+`/cgroup.procs" && exec tail /dev/zero']
startup = "disabled"
restart.policy = "never"

[service.victim]
command = "sleep 1000"
restart.delay = "0s"
`)
	pid := s.await("victim", up("victim")).PID
	eat := func() {
		s.must(t, "start", "--no-wait", "greedy")
		s.await("greedy is killed", says("greedy", "killed by SIGKILL"))
		// The kernel names the cgroup in a line that it leaves out where there are many.
		reason := s.await("the reason", says("greedy", "it was sent by the kernel's OOM killer: ")).Message
		if !strings.HasSuffix(reason, ": memory cgroup /"+filepath.Base(group)+" was full") && !strings.HasSuffix(reason, ": its memory cgroup was full") {
			t.Errorf("the reason is %q", reason)
		}
	}
	eat()
	for range 3 {
		kill(t, pid, syscall.SIGKILL)
		s.await("victim is killed", says("victim", "killed by SIGKILL"))
		pid = s.await("victim again", up("victim")).PID
	}
	eat() // what is said of it comes behind what would be said of the victim

	const text = "killed by SIGKILL, sent by the kernel's OOM killer: "
	exit := s.status(t, "greedy").Exit
	if !strings.HasPrefix(exit.String(), text) || exit.By.Name != "OOM killer" {
		t.Errorf("exit: %+v", exit)
	}
	out, _ := s.run(t, "status", "--board", "greedy")
	inOrder(t, out, "SIGKILL by OOM killer")
	s.awaitSlot(t, "greedy", "killed by the OOM killer", func(s status.Service) bool { return s.Exit.By == status.Process{Name: "OOM killer"} })
	inOrder(t, s.must(t, "why", "greedy"), "killed by SIGKILL", "given up", "it was sent by the kernel's OOM killer: ")
	inOrder(t, s.why(t, "victim"), "killed by SIGKILL", "from an unknown sender: the kernel does not say who it was")
	if by := s.status(t, "victim").Exit.By; by != (status.Process{}) {
		t.Errorf("the victim was killed by %+v", by)
	}
	for _, l := range s.stop(t, syscall.SIGTERM) {
		if l.Service == "victim" && strings.Contains(l.raw, "OOM") {
			t.Errorf("an operator is taken for the OOM killer: %s", l.raw)
		}
	}
}

// memoryCgroup makes a cgroup with a limit of memory in bytes, beyond which there is no
// swap either.
func memoryCgroup(t *testing.T, limit int) (dir string) {
	t.Helper()
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Skip(err)
	}
	limits := []string{}
	for line := range strings.Lines(string(mounts)) {
		fields := strings.Fields(line)
		switch {
		case fields[2] == "cgroup" && strings.Contains(","+fields[3]+",", ",memory,"):
			// Of the second there is none where swap is not counted.
			dir, limits = fields[1], []string{"memory.limit_in_bytes", "memory.memsw.limit_in_bytes"}
		case fields[2] == "cgroup2" && dir == "":
			if enabled, _ := os.ReadFile(fields[1] + "/cgroup.subtree_control"); strings.Contains(string(enabled), "memory") {
				dir, limits = fields[1], []string{"memory.max", "memory.swap.max"}
			}
		}
	}
	if dir == "" {
		t.Skip("there is no memory controller here")
	}
	dir = filepath.Join(dir, "supervise-test-memory-"+strconv.Itoa(os.Getpid()))
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Skip("cannot make a cgroup:", err)
	}
	t.Cleanup(func() {
		if err := syscall.Rmdir(dir); err != nil {
			t.Errorf("cannot remove %s: %v", dir, err)
		}
	})
	for i, file := range limits {
		value := strconv.Itoa(limit)
		if file == "memory.swap.max" {
			value = "0"
		}
		if err := os.WriteFile(filepath.Join(dir, file), []byte(value), 0); err != nil && i == 0 {
			t.Skip("cannot limit memory:", err)
		}
	}
	return dir
}
