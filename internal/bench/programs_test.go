package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// built makes the programs of the comparison, with true(1) for supervise.
func built(t *testing.T) *bench {
	t.Helper()
	dir := t.TempDir()
	if err := build(dir, options{supervise: lookPath(t, "true")}); err != nil {
		t.Fatal(err)
	}
	return &bench{dir: dir}
}

// TestLeast runs commands below the least wrappers: they exit as the command does.
func TestLeast(t *testing.T) {
	b := built(t)
	for _, wrapper := range []string{"leastgo", "leastc"} {
		t.Run(wrapper, func(t *testing.T) {
			if _, err := os.Stat(b.file(wrapper)); err != nil {
				t.Skip("there is no C compiler")
			}
			for _, test := range []struct {
				argv []string
				want int
			}{
				{[]string{"true"}, 0},
				{[]string{"sh", "-c", `exit "$1"`, "sh", "7"}, 7},
				{[]string{"sh", "-c", `test "$#" = 3 && test -z "$2" && test "$3" = "a b"`, "sh", "x", "", "a b"}, 0},
				{[]string{"sh", "-c", "kill -TERM $$"}, 128 + 15},
				{[]string{"/nowhere/command"}, 127},
				{[]string{"no-such-command-anywhere"}, 127},
				{nil, 2},
			} {
				cmd := exec.CommandContext(t.Context(), b.file(wrapper), test.argv...)
				_ = cmd.Run()
				if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != test.want {
					t.Errorf("%q: %v, want status %d", test.argv, cmd.ProcessState, test.want)
				}
			}
		})
	}
}

// TestTiny has the tiny service announce itself, by both ways to find the FIFO.
func TestTiny(t *testing.T) {
	b := built(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "announce")
	f, err := openFIFO(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	service := filepath.Join(dir, "service")
	if err := os.Mkdir(service, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{path}, nil, {"service"}} {
		before := now()
		cmd := exec.CommandContext(t.Context(), b.file("tiny"), args...)
		cmd.Dir = service
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		a, err := f.next(time.Now().Add(patience))
		if err != nil || a.pid != cmd.Process.Pid || a.time < before || a.time > now() {
			t.Errorf("arguments %q: %+v, %v, want pid %d and a time since %d", args, a, err, cmd.Process.Pid, before)
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	if err := f.gone(time.Now().Add(patience)); err != nil {
		t.Error(err)
	}
	cmd := exec.CommandContext(t.Context(), b.file("tiny"), "/nowhere/announce")
	_ = cmd.Run()
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("no FIFO: %v, want status 1", cmd.ProcessState)
	}
}

// TestReceiver sends a kill and a queued signal.
func TestReceiver(t *testing.T) {
	b := built(t)
	r, err := b.startReceiver(contestant{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.kill()
	if us, err := signalOnce(r, 0); err != nil || us <= 0 {
		t.Errorf("%v µs, %v", us, err)
	}
	if err := queue(r.pid, 3); err != nil {
		t.Fatal(err)
	}
	for value := uint64(1); value <= 3; value++ {
		buffer := make([]byte, recordSize)
		if err := r.read(buffer); err != nil {
			t.Fatal(err)
		}
		got := parseRecord(buffer)
		if got.time <= 0 {
			t.Errorf("signal %d has no time", value)
		}
		got.time = 0
		if want := (record{signal: queuedSignal, code: -1, pid: int32(os.Getpid()), value: value}); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}
