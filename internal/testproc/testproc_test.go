package testproc_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"supervise/internal/sys"
	"supervise/internal/testproc"
	"supervise/signals"
)

func TestMain(m *testing.M) {
	testproc.Role("pair", pair)
	testproc.Main(m)
}

// pair is a process with a child in its group, which both ignore SIGTERM. It says both
// pids.
func pair([]string) int {
	cmd := exec.Command("/bin/sh", "-c", `trap "" TERM; echo $PPID $$; while :; do sleep 60; done`)
	cmd.Stdout = os.Stdout
	_ = cmd.Run()
	return 0
}

// readable starts a command and returns its first line.
func readable(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	testproc.Start(t, cmd)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

func gone(pid int) bool {
	text, err := sys.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err != nil || strings.Contains(text, ") Z ")
}

// TestStart makes sure that nothing outlives the test that started it.
func TestStart(t *testing.T) {
	var a, b int
	t.Run("test", func(t *testing.T) {
		line := readable(t, testproc.Command(t, "pair"))
		if _, err := fmt.Sscan(line, &a, &b); err != nil || gone(a) || gone(b) {
			t.Fatalf("the pair says %q, %v", line, err)
		}
	})
	if !gone(a) {
		t.Errorf("process %d is still there", a)
	}
	// Nobody here waits for the child, whose end is on its way.
	fd, err := sys.OpenPID(b)
	if err != nil {
		return
	}
	defer syscall.Close(fd)
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	if n, err := unix.Poll(fds, 10_000); n != 1 {
		t.Errorf("process %d is still there: %v", b, err)
	}
}

func TestRoles(t *testing.T) {
	var exit *exec.ExitError
	if err := testproc.Command(t, "no such role").Run(); !errors.As(err, &exit) || exit.ExitCode() != 99 {
		t.Errorf("an unknown role: %v", err)
	}
	if err := testproc.Command(t, "exit", "7").Run(); !errors.As(err, &exit) || exit.ExitCode() != 7 {
		t.Errorf("exit 7: %v", err)
	}
	defer func() {
		if recover() == nil {
			t.Error("a role was taken twice")
		}
	}()
	testproc.Role("sleep", nil)
}

func TestInheriting(t *testing.T) {
	uncatchable := signals.SetOf(signals.SIGKILL, signals.SIGSTOP)
	for _, mask := range []signals.Set{0, signals.Full, signals.SetOf(1, 33, 64)} {
		for _, ignored := range []signals.Set{0, signals.Full, signals.SetOf(13, 34, 63)} {
			out, err := testproc.Inheriting(t, mask, ignored, "", "/bin/cat", "/proc/self/status").Output()
			if err != nil {
				t.Fatal(err)
			}
			state, err := sys.ParseSignalState(string(out))
			if err != nil || state.Blocked != mask&^uncatchable || state.Ignored != ignored&^uncatchable || state.Caught != 0 {
				t.Errorf("%v and %v: %+v, %v", mask, ignored, state, err)
			}
		}
	}
}

func TestOwnProcess(t *testing.T) {
	if !testproc.Alone(t, testproc.OwnProcess) {
		return
	}
	if syscall.Getpgrp() != os.Getpid() {
		t.Error("it does not lead a group")
	}
}

func TestOwnSession(t *testing.T) {
	if !testproc.Alone(t, testproc.OwnSession) {
		return
	}
	if sid, _, _ := syscall.RawSyscall(syscall.SYS_GETSID, 0, 0, 0); int(sid) != os.Getpid() {
		t.Errorf("session %d, pid %d", sid, os.Getpid())
	}
}

func TestOwnNamespace(t *testing.T) {
	if !testproc.Alone(t, testproc.OwnNamespace) {
		return
	}
	if self, err := os.Readlink("/proc/self"); os.Getpid() != 1 || self != "1" || err != nil {
		t.Errorf("pid %d, /proc says %s, %v", os.Getpid(), self, err)
	}
}

// outcome is what TestOutcome is to come to, in a process of its own.
const outcome = "TESTPROC_OUTCOME"

// TestOutcome is a test that is alone and passes, fails, is skipped or dies.
func TestOutcome(t *testing.T) {
	how := os.Getenv(outcome)
	if how == "" {
		t.Skip("it is run by TestAloneTells")
	}
	if !testproc.Alone(t, testproc.OwnProcess) {
		return
	}
	switch how {
	case "fail":
		t.Error("as it is to be")
	case "skip":
		t.Skip("as it is to be")
	case "die":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
}

// TestAloneTells makes sure that what came of a test that is alone is not lost.
func TestAloneTells(t *testing.T) {
	for how, want := range map[string]string{
		"pass": "--- PASS: TestOutcome", "fail": "--- FAIL: TestOutcome", "skip": "--- SKIP: TestOutcome", "die": "--- FAIL: TestOutcome",
	} {
		cmd := exec.Command(testproc.Argv(t)[0], "-test.run=^TestOutcome$", "-test.v")
		cmd.Env = append(os.Environ(), outcome+"="+how)
		out, err := cmd.CombinedOutput()
		if lines := "\n" + string(out); !strings.Contains(lines, "\n"+want) || (err == nil) != (how == "pass" || how == "skip") {
			t.Errorf("%s: %v, want %s\n%s", how, err, want, out)
		}
	}
}

// TestCgroup makes sure that one is removed with what is in it and below it.
func TestCgroup(t *testing.T) {
	var dir string
	t.Run("test", func(t *testing.T) {
		dir = testproc.Cgroup(t)
		below := filepath.Join(dir, "below")
		if err := os.Mkdir(below, 0o755); err != nil {
			t.Fatal(err)
		}
		cmd := testproc.Command(t, "stubborn")
		if line := readable(t, cmd); line != "ready" {
			t.Fatal(line)
		}
		if err := os.WriteFile(filepath.Join(below, "cgroup.procs"), []byte(strconv.Itoa(cmd.Process.Pid)), 0); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(dir, "cgroup.events"))
		if err != nil || !bytes.Contains(text, []byte("populated 1")) {
			t.Errorf("%q, %v", text, err)
		}
	})
	if dir == "" {
		t.Skip("no cgroup can be made here")
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s: %v", dir, err)
	}
}
