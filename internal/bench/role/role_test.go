package role

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// asWrapper is set in the process that stands in for a wrapper: it becomes a subreaper,
// and reaps while it runs the role.
const asWrapper = "BENCH_TEST_WRAPPER"

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(asWrapper) != "":
		os.Exit(wrapper())
	case len(os.Args) > 1 && os.Args[1] == Name:
		os.Exit(Main(os.Args[2:]))
	}
	os.Exit(m.Run())
}

// wrapper is the plainest reaper there is.
func wrapper() int {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	pid, err := syscall.ForkExec("/proc/self/exe", append([]string{"bench", Name}, os.Args[1:]...), &syscall.ProcAttr{Files: []uintptr{0, 1, 2}})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	reaped := 0
	for {
		var status syscall.WaitStatus
		switch got, err := syscall.Wait4(-1, &status, 0, nil); {
		case err != nil && err != syscall.EINTR:
			return 1
		case got == pid:
			fmt.Println("reaped", reaped)
			return status.ExitStatus()
		case err == nil:
			reaped++
		}
	}
}

// TestOrphans has a subreaper reap, and counts.
func TestOrphans(t *testing.T) {
	const request = "zombies 300\nsingle 20\nzombies 1\n"
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "orphans")
	cmd.Env = append(os.Environ(), asWrapper+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.Stdin = strings.NewReader(request)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	lines := bufio.NewScanner(strings.NewReader(string(out)))
	for i, want := range []string{"ready", "", "", "", "reaped 321"} {
		if !lines.Scan() {
			t.Fatalf("only %d lines: %q", i, out)
		}
		if want != "" {
			if lines.Text() != want {
				t.Errorf("line %d is %q, want %q", i, lines.Text(), want)
			}
			continue
		}
		if ns, err := strconv.ParseInt(lines.Text(), 10, 64); err != nil || ns <= 0 || ns > int64(time.Minute) {
			t.Errorf("line %d is %q, want nanoseconds", i, lines.Text())
		}
	}
}

func TestOrphansRefusesNonsense(t *testing.T) {
	for _, request := range []string{"zombies", "zombies 0", "single -1", "zombies x", "dance 3", ""} {
		cmd := exec.CommandContext(t.Context(), "/proc/self/exe", Name, "orphans")
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		cmd.Stdin = strings.NewReader(request + "\n")
		if out, err := cmd.Output(); err == nil || string(out) != "ready\n" {
			t.Errorf("request %q: error %v, output %q", request, err, out)
		}
	}
}

// TestEnter runs a program as PID 1 of a namespace of its own.
func TestEnter(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("making a PID namespace needs root")
	}
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", Name, "enter", "/bin/sh", "-c", `echo $$; cat /proc/self/stat | cut -d' ' -f4; ls -d /proc/[0-9]* | head -1`)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS}
	out, err := cmd.CombinedOutput()
	if errors.Is(err, syscall.EPERM) {
		t.Skip("root may not make a PID namespace here")
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got, want := string(out), "1\n1\n/proc/1\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestUnknownRole(t *testing.T) {
	for _, args := range []string{"", "dance"} {
		cmd := exec.CommandContext(t.Context(), "/proc/self/exe", append([]string{Name}, strings.Fields(args)...)...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		if err := cmd.Run(); cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != 2 {
			t.Errorf("role %q: %v, want exit status 2", args, err)
		}
	}
}
