package main_test

import (
	"bytes"
	"context"
	"io"
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

	"supervise/internal/testproc"
	"supervise/supervisor/control"
	"supervise/supervisor/control/request"
)

// holding is a supervisor that answers nobody by itself.
func holding(t *testing.T) *scripted {
	t.Helper()
	s := newScripted(t)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = make(chan *control.Call, 1)
	return s
}

// begin starts a command, and returns when its request has come.
func (s *scripted) begin(t *testing.T, args ...string) (cmd *exec.Cmd, out *bytes.Buffer, call *control.Call) {
	t.Helper()
	cmd, out = exec.Command(entryBuild, args...), new(bytes.Buffer)
	cmd.Env = append(os.Environ(), "SUPERVISE_RUNTIME_DIR="+s.dir)
	cmd.Stdout, cmd.Stderr = out, out
	testproc.Start(t, cmd)
	timer := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	t.Cleanup(func() { timer.Stop() })
	select {
	case call = <-s.held:
	case <-time.After(patience):
		t.Fatal("there is no request")
	}
	return cmd, out, call
}

// threads is how many a process has: one before there is a Go runtime.
func threads(pid int) int {
	all, _ := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*")
	return len(all)
}

// TestPlainLate answers when the Go runtime has started, because no answer came in time: it goes on with
// the same request.
func TestPlainLate(t *testing.T) {
	t.Parallel()
	for _, before := range []bool{false, true} { // an event has come in time
		s := holding(t)
		cmd, out, call := s.begin(t, "start", "web")
		if before {
			call.Tell(&request.Reply{Events: []request.Event{{ID: 1, Service: "web", Text: "begins"}}})
		}
		for deadline := time.Now().Add(patience); threads(cmd.Process.Pid) < 2; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("the runtime never starts")
			}
		}
		call.Reply(&request.Reply{Outcomes: []request.Outcome{{Service: "web", OK: true, Text: "is up"}}})
		want := "web: is up\n"
		if before {
			want = "web: begins\n" + want
		}
		if code := exitCode(t, cmd.Wait()); code != 0 || out.String() != want {
			t.Errorf("status %d: %q, want %q", code, out, want)
		}
		select {
		case call := <-s.held:
			t.Errorf("there is another request: %+v", call.Request)
		default:
		}
	}
}

// TestPlainInterrupted ends a command that waits, before there is a Go runtime, by signals that
// end any program.
func TestPlainInterrupted(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		s := holding(t)
		cmd, out, _ := s.begin(t, "stop", "web")
		kill(t, cmd.Process.Pid, sig)
		if code := exitCode(t, cmd.Wait()); code != 128+int(sig) || out.Len() != 0 {
			t.Errorf("%v: status %d: %s", sig, code, out)
		}
	}
}

// bothWays runs a command before there is a Go runtime, and with one, which must be the same, and
// returns what it printed and its status.
func bothWays(t *testing.T, dir string, stdout func() (*os.File, func() string), args ...string) (out string, code int) {
	t.Helper()
	run := func(variables ...string) (string, int) {
		limit, end := context.WithTimeout(t.Context(), patience)
		defer end()
		cmd := exec.CommandContext(limit, entryBuild, args...)
		cmd.Env = append(append(os.Environ(), "SUPERVISE_RUNTIME_DIR="+dir), variables...)
		var errors strings.Builder
		file, read := stdout()
		cmd.Stdout, cmd.Stderr = file, &errors
		err := cmd.Run()
		_ = file.Close()
		return read() + errors.String(), exitCode(t, err)
	}
	out, code = run()
	usual, usualCode := run(runtimeFirst)
	if code != usualCode || !alike(out, usual) {
		t.Errorf("supervise %v is %d\n%sand with the runtime %d\n%s", args, code, out, usualCode, usual)
	}
	return out, code
}

// TestPlainSlow prints what a command has come to where there is no room yet, and where to wait for it
// is the writer's affair.
func TestPlainSlow(t *testing.T) {
	t.Parallel()
	s := start(t, entryBuild, "[service.a]\ncommand = \"sleep 1000\"\n")
	s.awaitRunning(t, "a")
	for args, want := range map[string]string{"status": "running", "start a": "a: was up already", "signal a CONT": "a: delivered"} {
		var fds [2]int
		if err := unix.Pipe2(fds[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
			t.Fatal(err)
		}
		filled := 0
		for err := error(nil); err == nil; {
			var n int
			n, err = unix.Write(fds[1], make([]byte, 4096))
			filled += max(n, 0)
		}
		read, write := os.NewFile(uintptr(fds[0]), "read"), os.NewFile(uintptr(fds[1]), "write")
		cmd := exec.Command(entryBuild, strings.Fields(args)...)
		cmd.Env = append(os.Environ(), "SUPERVISE_RUNTIME_DIR="+s.runtime)
		cmd.Stdout = write
		testproc.Start(t, cmd)
		timer := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
		_ = write.Close()
		for deadline := time.Now().Add(patience / 10); threads(cmd.Process.Pid) < 2 && !polls(cmd.Process.Pid) && time.Now().Before(deadline); {
			time.Sleep(time.Millisecond)
		}
		out, err := io.ReadAll(read)
		if err != nil {
			t.Fatal(err)
		}
		_ = read.Close()
		if code := exitCode(t, cmd.Wait()); code != 0 || strings.Count(string(out[filled:]), want) != 1 {
			t.Errorf("supervise %s is %d: %q", args, code, out[filled:])
		}
		timer.Stop()
	}
	s.stop(t, syscall.SIGTERM)
}

// polls reports whether a process waits in poll(2).
func polls(pid int) bool {
	where, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/wchan")
	return strings.Contains(string(where), "poll")
}

// TestPlainOutput prints to a terminal, to one that wants no colours, to a pipe that nobody reads and
// where there is no room.
func TestPlainOutput(t *testing.T) {
	t.Parallel()
	s := start(t, entryBuild, "[service.a]\ncommand = \"sleep 1000\"\n[service.b]\nstartup = \"disabled\"\ncommand = \"true\"\n")
	s.awaitRunning(t, "a")
	none := func() string { return "" }
	for name, test := range map[string]struct {
		stdout func() (*os.File, func() string)
		code   int
		has    string
	}{
		"terminal": {func() (*os.File, func() string) {
			terminal, tty, err := pty.Open()
			if err != nil {
				t.Fatal(err)
			}
			return tty, func() string { text, _ := io.ReadAll(terminal); _ = terminal.Close(); return string(text) }
		}, 0, "\x1b[32mrunning\x1b[0m  up"},
		"pipe": {func() (*os.File, func() string) {
			read, write, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			_ = read.Close()
			return write, none
		}, 128 + int(syscall.SIGPIPE), ""},
		"full": {func() (*os.File, func() string) {
			file, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			return file, none
		}, 1, "no space left"},
	} {
		for _, args := range [][]string{{"status"}, {"status", "b", "a"}, {"version"}, {"start", "a"}, {"signal", "a", "CONT"}} {
			if len(args) > 1 && name == "terminal" {
				continue // the signals that are queued for the user are others' too
			}
			if args[0] == "version" && name == "terminal" {
				test.has = "supervise "
			}
			if out, code := bothWays(t, s.runtime, test.stdout, args...); code != test.code || !strings.Contains(out, test.has) {
				t.Errorf("%s: %v is %d: %q", name, args, code, out)
			}
		}
	}
	s.stop(t, syscall.SIGTERM)
}
