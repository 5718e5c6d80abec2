package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestExhausted takes away the room for another process while a service is to be started
// again: it backs off, and recovers when there is room again.
func TestExhausted(t *testing.T) {
	const config = `
[service.web]
command = "sleep 1000"
restart = { delay = "10ms", max-delay = "50ms", limit = 3 }
`
	for name, limit := range map[string]func(t *testing.T, s *supervised) (set func(full bool)){
		"pids.max": pidsMax, "RLIMIT_NPROC": limitProcesses,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			needRoot(t)
			s := prepare(t, entryBuild, config)
			set := limit(t, s)
			s.launch(t)
			pid := s.await("web is up", up("web")).PID
			set(true)
			kill(t, pid, syscall.SIGKILL)
			// More often than the limit of restarts allows, which does not count here.
			for range 5 {
				l := s.await("web cannot be started", says("web", "cannot start"))
				if !strings.Contains(l.Message, "resource temporarily unavailable") {
					t.Errorf("why it cannot be started: %q", l.Message)
				}
				s.await("it is tried again", says("web", "spawned again in"))
			}
			set(false)
			s.await("web is up again", up("web"))
			s.stop(t, syscall.SIGTERM)
		})
	}
}

// pidsMax gives a supervise run a limit of processes by cgroup.
func pidsMax(t *testing.T, s *supervised) func(full bool) {
	dir := filepath.Join(pidsRoot(t), "supervise-test-"+strconv.Itoa(os.Getpid()))
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Skip("cannot make a cgroup:", err)
	}
	t.Cleanup(func() {
		if err := syscall.Rmdir(dir); err != nil {
			t.Errorf("cannot remove %s: %v", dir, err)
		}
	})
	s.cmd.Args = append([]string{"sh", "-c", `echo $$ >"$0/cgroup.procs" && exec "$@"`, dir}, s.cmd.Args...)
	s.cmd.Path = "/bin/sh"
	return func(full bool) {
		limit := "max"
		if full {
			current, err := os.ReadFile(filepath.Join(dir, "pids.current"))
			if err != nil {
				t.Fatal(err)
			}
			n, _ := strconv.Atoi(strings.TrimSpace(string(current)))
			limit = strconv.Itoa(n - 1) // what is there may stay
		}
		if err := os.WriteFile(filepath.Join(dir, "pids.max"), []byte(limit), 0); err != nil {
			t.Fatal(err)
		}
	}
}

// pidsRoot returns where the pids controller is, which the older of the two hierarchies of
// cgroups has to itself: of the newer one supervise's own cgroup is part.
func pidsRoot(t *testing.T) string {
	t.Helper()
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Skip(err)
	}
	for line := range strings.Lines(string(mounts)) {
		fields := strings.Fields(line)
		if fields[2] == "cgroup" && strings.Contains(","+fields[3]+",", ",pids,") {
			return fields[1]
		}
	}
	t.Skip("the pids controller is in no hierarchy of its own")
	return ""
}

// limitProcesses gives a user that has no other process a limit of them.
func limitProcesses(t *testing.T, s *supervised) func(full bool) {
	const lonely = 61_000
	s.cmd.SysProcAttr.Credential = &syscall.Credential{Uid: lonely, Gid: lonely}
	return func(full bool) {
		limit := "--nproc=10000:" // soft
		if full {
			limit = "--nproc=1:"
		}
		prlimit := exec.Command("prlimit", limit, "--pid", strconv.Itoa(s.cmd.Process.Pid))
		prlimit.SysProcAttr = &syscall.SysProcAttr{Credential: s.cmd.SysProcAttr.Credential}
		if out, err := prlimit.CombinedOutput(); err != nil {
			t.Fatalf("prlimit: %v %s", err, out)
		}
	}
}

// TestFewDescriptors runs where descriptors run out, from what is too few for anything to
// what is enough. It need not work, but it is to say so, and to leave nothing.
func TestFewDescriptors(t *testing.T) {
	for few := 5; few <= 22; few++ {
		t.Run(strconv.Itoa(few), func(t *testing.T) {
			t.Parallel()
			s := prepare(t, entryBuild, "[service.web]\ncommand = \"sleep 1000\"\n")
			s.cmd.Args = append([]string{"sh", "-c", `ulimit -n "$0" && exec "$@"`, strconv.Itoa(few)}, s.cmd.Args...)
			s.cmd.Path = "/bin/sh"
			s.launch(t)
			began := strings.Contains(s.await("it has begun, or says why not", func(l line) bool {
				return strings.Contains(l.raw, "cannot start: ") || l.Message == "supervise starts"
			}).raw, "supervise starts")
			if began {
				s.signal(t, syscall.SIGTERM)
			}
			if status := s.wait(t); (status == 0) != began || status > 1 {
				t.Errorf("it ended with %d: %s", status, s.text())
			}
			s.sandbox.checkEmpty(t)
			switch left := list(s.runtime); len(left) {
			case 0:
			case 1:
				checkUnlocked(t, s.runtime)
			default:
				t.Errorf("left behind: %v", left)
			}
		})
	}
}
