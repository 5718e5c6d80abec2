package main_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"supervise/internal/testproc"
)

// namespaced makes a command PID 1 of a PID namespace with its own /proc.
func namespaced(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	needRoot(t)
	unshare, err := exec.LookPath("unshare")
	if err != nil {
		t.Skip("unshare(1) is not there")
	}
	if out, err := exec.Command(unshare, "--pid", "--fork", "--mount-proc", "true").CombinedOutput(); err != nil {
		t.Skipf("cannot make a PID namespace: %v %s", err, out)
	}
	cmd.Args = append([]string{unshare, "--pid", "--fork", "--kill-child", "--mount-proc"}, append([]string{cmd.Path}, cmd.Args[1:]...)...)
	cmd.Path = unshare
}

// onlyChild waits for a process's one child, and returns its pid.
func onlyChild(t *testing.T, pid int) int {
	t.Helper()
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/task/" + strconv.Itoa(pid) + "/children")
	if err != nil {
		t.Skip("cannot list the children of a process:", err)
	}
	return atoi(t, strings.TrimSpace(string(text)))
}

// TestPID1Init runs init as real PID 1: what its command does is its status, signals reach
// the command, orphans are reaped, and nothing is left.
func TestPID1Init(t *testing.T) {
	eachBuild(t, func(t *testing.T, program string) {
		for name, c := range map[string]struct {
			script string
			send   syscall.Signal
			code   int
		}{
			"code":    {"exit 6", 0, 6},
			"SIGKILL": {"kill -KILL $$", 0, 128 + 9},
			"SIGTERM": {"echo ready; exec sleep 1000", syscall.SIGTERM, 128 + 15},
			// dash looks for traps before it waits, and in wait: not between that and open(2).
			"SIGINT": {`trap 'exit 4' INT; sleep 1000 & echo ready; wait`, syscall.SIGINT, 4},
			// An orphan that has ended is gone once init has reaped it.
			"orphan":   {`sh -c 'sleep 0.01 & echo $! >$0' $0.pid; while kill -0 $(cat $0.pid) 2>/dev/null; do :; done; exit 8`, 0, 8},
			"survivor": {"setsid sh -c 'sleep 1000 &' & wait; exit 9", 0, 9},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := &supervised{dir: openDir(t)}
				fifo := filepath.Join(s.dir, "fifo")
				if err := syscall.Mkfifo(fifo, 0o600); err != nil {
					t.Fatal(err)
				}
				s.cmd = exec.Command(program, "init", "--", "sh", "-c", c.script, fifo)
				s.enterSandbox(t)
				namespaced(t, s.cmd)
				out, err := s.cmd.StdoutPipe()
				if err != nil {
					t.Fatal(err)
				}
				var told bytes.Buffer
				s.cmd.Stderr = &told
				testproc.Start(t, s.cmd)
				if c.send != 0 {
					ready := make([]byte, len("ready"))
					if _, err := out.Read(ready); err != nil {
						t.Fatal(err)
					}
					kill(t, onlyChild(t, s.cmd.Process.Pid), c.send)
				}
				if code := exitCode(t, s.cmd.Wait()); code != c.code {
					t.Errorf("status %d, want %d; %s", code, c.code, told.String())
				}
				s.sandbox.checkEmpty(t)
			})
		}
	})
}

// TestPID1Run runs run as real PID 1.
func TestPID1Run(t *testing.T) {
	t.Parallel()
	eachBuild(t, func(t *testing.T, program string) {
		s := prepare(t, program, `
[service.web]
command = ["sh", "-c", '(sleep 0.01 &); setsid sleep 1000 & echo ready; exec sleep 1000']
[service.receiver]
command = "$HELPER"
environment.SUPERVISE_TEST_ROLE = "receive"
signals = { block = ["SIGUSR1"], forward = { SIGHUP = "SIGUSR1" } }
stop.timeout = "10ms"
`)
		namespaced(t, s.cmd)
		s.launch(t)
		if l := s.await("the start", says("", "supervise starts")); l.PID != 1 {
			t.Errorf("supervise has pid %d", l.PID)
		}
		s.await("web is ready", wrote("web", "ready"))
		s.await("an orphan is reaped", says("", "reaped an orphan"))
		s.rewind()
		s.await("the receiver is ready", wrote("receiver", "ready"))
		pid := onlyChild(t, s.cmd.Process.Pid)
		kill(t, pid, syscall.SIGHUP)
		s.await("SIGUSR1, from outside", wrote("receiver", "10 -1 0 0 0"))
		l := s.await("where it comes from", func(l line) bool { return l.Signal == "SIGHUP" })
		if !strings.Contains(l.From, "outside this PID namespace") {
			t.Errorf("SIGHUP comes from %q", l.From)
		}
		kill(t, pid, syscall.SIGTERM)
		s.end(t)
	})
}
