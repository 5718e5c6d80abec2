package main_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"supervise/internal/sys"
	"supervise/signals"
)

// awaitHeld waits until a process has a child that waits at its gate, in read(2), or is past it, and
// returns it. Before, it is not told of the end of its parent: PR_SET_PDEATHSIG(2const).
func awaitHeld(t *testing.T, pid int) int {
	t.Helper()
	soon := time.Now().Add(time.Second)
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(100 * time.Microsecond) {
		files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
		for _, file := range files {
			text, _ := os.ReadFile(file)
			if fields := strings.Fields(string(text)); len(fields) > 0 {
				call, err := os.ReadFile("/proc/" + fields[0] + "/syscall")
				exe, _ := os.Readlink("/proc/" + fields[0] + "/exe")
				if err == nil && exe == entryBuild && !strings.HasPrefix(string(call), strconv.Itoa(unix.SYS_READ)+" ") && time.Now().Before(soon) {
					continue
				}
				child, _ := strconv.Atoi(fields[0])
				return child
			}
		}
	}
	t.Fatal("the tracer has started nothing")
	return 0
}

// TestTraceEndedEarly ends a tracer while its command is held until the trace has begun: nothing
// may be left that waits for it, and SIGTERM may not be lost.
func TestTraceEndedEarly(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM} {
		t.Run(unix.SignalName(s), func(t *testing.T) {
			cmd := exec.Command(entryBuild, "trace", "--quiet", "--output", os.DevNull, "--", "sleep", "1000")
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			child := awaitHeld(t, cmd.Process.Pid)
			fd, err := unix.PidfdOpen(child, 0)
			if err != nil {
				t.Skip(err)
			}
			defer unix.Close(fd)
			if err := cmd.Process.Signal(s); err != nil {
				t.Fatal(err)
			}
			ended := cmd.Wait()
			for deadline := time.Now().Add(time.Minute); ; {
				if n, _ := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 10); n == 1 {
					break
				}
				if exe, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", child)); s == syscall.SIGKILL && exe != entryBuild && exe != "" {
					_ = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
					t.Skip("the command was released already, and goes on without a tracer: " + exe)
				}
				if time.Now().After(deadline) {
					_ = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
					t.Fatal("the command is left behind")
				}
			}
			var status *exec.ExitError
			if s == syscall.SIGTERM && (!errors.As(ended, &status) || status.ExitCode() != 128+15 && status.ExitCode() != -1) {
				t.Errorf("the tracer ends with %v", ended)
			}
		})
	}
}

// TestTraceInterrupted sends signals to a tracer alone: its command gets them, which no terminal has
// told.
func TestTraceInterrupted(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(unix.SignalName(s), func(t *testing.T) {
			// Without a child to be killed: until it has reset the traps that it was forked with, it loses the signal.
			script := `trap 'echo told; exit 7' INT QUIT TERM HUP; echo ready; while :; do sleep 0.05; done`
			cmd := exec.Command(entryBuild, "trace", "--quiet", "--output", os.DevNull, "--", "sh", "-c", script)
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			late := time.AfterFunc(time.Minute, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
			defer late.Stop()
			lines := bufio.NewReader(stdout)
			if line, _ := lines.ReadString('\n'); line != "ready\n" {
				t.Fatal(line)
			}
			if err := cmd.Process.Signal(s); err != nil {
				t.Fatal(err)
			}
			if line, _ := lines.ReadString('\n'); line != "told\n" {
				t.Errorf("the command says %q", line)
			}
			if code := exitCode(t, cmd.Wait()); code != 7 {
				t.Errorf("the tracer ends with %d", code)
			}
		})
	}
}

// TestTraceTyped has a tracer and its command in the foreground of a terminal: both get what is
// typed there, so that it is not handed on; what is sent to the tracer alone is.
func TestTraceTyped(t *testing.T) {
	eachBuild(t, func(t *testing.T, program string) {
		script := `ulimit -c 0; trap 'echo told' INT; trap 'echo quit' QUIT; trap 'exit 7' TERM; echo ready; while :; do sleep 0.05; done`
		cmd := exec.Command(program, "trace", "--quiet", "--output", os.DevNull, "--", "sh", "-c", script)
		terminal, err := pty.Start(cmd)
		if err != nil {
			t.Fatal(err)
		}
		defer terminal.Close()
		late := time.AfterFunc(time.Minute, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
		defer late.Stop()
		said := ""
		lines := bufio.NewScanner(terminal)
		next := func() (word string) { // beside it are the keys, and what the shell tells of its child
			for word == "" && lines.Scan() {
				for _, own := range []string{"ready", "told", "quit"} {
					if strings.Contains(lines.Text(), own) {
						word, said = own, said+own+" "
					}
				}
			}
			return word
		}
		await := func(want string) {
			if word := next(); word != want {
				t.Fatalf("the command says %q, want %q; all was %q", word, want, said)
			}
		}
		await("ready")
		for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT} {
			want, key := "told", "\x03"
			if s == syscall.SIGQUIT {
				want, key = "quit", "\x1c"
			}
			_, _ = terminal.WriteString(key)
			await(want)
			awaitDelivered(t, cmd.Process.Pid, signals.Signal(s)) // else both are one
			_ = cmd.Process.Signal(s)
			await(want)
			_, _ = terminal.WriteString(key)
			await(want)
		}
		_ = cmd.Process.Signal(syscall.SIGTERM)
		for next() != "" { // up to EIO, when nobody has it open any more
		}
		if code := exitCode(t, cmd.Wait()); code != 7 {
			t.Errorf("the tracer ends with %d", code)
		}
		if said != "ready told told told quit quit quit " {
			t.Errorf("the command says %q", said)
		}
	})
}

// awaitDelivered waits until a signal is not pending for a process any more. No event reports that.
func awaitDelivered(t *testing.T, pid int, s signals.Signal) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if state, err := sys.ReadSignalState(strconv.Itoa(pid)); err != nil {
			t.Fatal(err)
		} else if !state.Shared.Has(s) {
			return
		}
	}
	t.Fatalf("%v is still pending", s)
}

// TestTraceDiskFull has no room for the trace: the command goes on, and is waited for.
func TestTraceDiskFull(t *testing.T) {
	for _, backend := range []string{"auto", "ptrace"} {
		file := filepath.Join(t.TempDir(), "end")
		_, notes, code := runTrace(t, false, "--quiet", "--backend", backend, "--output", "/dev/full", "--", "sh", "-c",
			`exec >/dev/null 2>&1; trap : USR1; for i in 1 2 3 4 5; do kill -USR1 $$; sleep 0.1; done; sleep 0.2; : >"$1"`, "sh", file)
		if _, err := os.Stat(file); err != nil || code != 1 || !strings.Contains(notes, "no space left") {
			t.Errorf("%s: code %d, %v, %q", backend, code, err, notes)
		}
	}
}

// TestTraceZombie traces by ptrace what has ended.
func TestTraceZombie(t *testing.T) {
	cmd := exec.Command("true")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Wait() }()
	pid := cmd.Process.Pid
	if err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
	if _, notes, code := runTrace(t, false, "--backend", "ptrace", strconv.Itoa(pid)); code != 1 || !strings.Contains(notes, "has ended") {
		t.Errorf("code %d, %s", code, notes)
	}
}

// TestTraceSweeps: what a tracer that was killed has left in tracefs is removed by the next one,
// whatever that uses.
func TestTraceSweeps(t *testing.T) {
	pid, _ := sleeping(t)
	killed := startTrace(t, "--backend", "tracefs", strconv.Itoa(pid))
	killed.end(t, syscall.SIGKILL)
	if _, notes, code := runTrace(t, false, "--backend", "ptrace", "--", "true"); code != 0 {
		t.Fatal(notes)
	}
	if left, _ := filepath.Glob("/sys/kernel/tracing/instances/supervise-trace-" + strconv.Itoa(killed.cmd.Process.Pid) + "-*"); len(left) > 0 {
		t.Errorf("%q is still there", left)
	}
}
