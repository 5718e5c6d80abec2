//go:build linux && (amd64 || arm64)

package process

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"supervise/internal/testproc"
)

const rlimitSigpending = 11

// limit returns "soft hard" of a line of /proc/PID/limits.
func (e echo) limit(t *testing.T, name string) string {
	t.Helper()
	for line := range strings.Lines(e.proc(t, "limits")) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			fields := strings.Fields(rest)
			return fields[0] + " " + fields[1]
		}
	}
	t.Fatalf("no limit %s", name)
	return ""
}

func TestLimits(t *testing.T) {
	eachClone(t, func(t *testing.T) {
		e := startEcho(t, Spec{Limits: []Limit{
			{Resource: syscall.RLIMIT_NOFILE, Soft: 64, Hard: 128},
			{Resource: syscall.RLIMIT_CORE, Soft: 0, Hard: 4096},
			{Resource: rlimitSigpending, Soft: 10, Hard: 20},
			{Resource: syscall.RLIMIT_CPU, Soft: 1000, Hard: 2000},
		}})
		for name, want := range map[string]string{
			"Max open files":      "64 128",
			"Max core file size":  "0 4096",
			"Max pending signals": "10 20",
			"Max cpu time":        "1000 2000",
		} {
			if got := e.limit(t, name); got != want {
				t.Errorf("%s: %s, want %s", name, got, want)
			}
		}
	})
}

// TestUntouched starts a child with nothing but a program: it has what we have.
func TestUntouched(t *testing.T) {
	eachClone(t, func(t *testing.T) {
		e := startEcho(t, Spec{})
		self := echo{Process: Process{PID: os.Getpid()}}
		for _, name := range []string{"Umask", "Uid", "Gid", "Groups", "Seccomp", "NoNewPrivs", "CapEff"} {
			if got, want := e.status(t, name), self.status(t, name); got != want {
				t.Errorf("%s: %s, want %s", name, got, want)
			}
		}
		if got, want := e.proc(t, "limits"), self.proc(t, "limits"); got != want {
			t.Errorf("limits:\n%s\nwant\n%s", got, want)
		}
		if got, want := readlink(t, e, "cwd"), readlink(t, self, "cwd"); got != want {
			t.Errorf("the working directory is %s, want %s", got, want)
		}
		if got := e.proc(t, "environ"); got != "" {
			t.Errorf("the environment is %q", got)
		}
	})
}

// readlink follows a link in the child's directory in /proc.
func readlink(t *testing.T, e echo, name string) string {
	t.Helper()
	link, err := os.Readlink("/proc/" + strconv.Itoa(e.PID) + "/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return link
}

func TestUmaskAndDirectory(t *testing.T) {
	eachClone(t, func(t *testing.T) {
		dir := t.TempDir()
		for _, umask := range []int{0, 0o077, 0o777} {
			e := startEcho(t, Spec{HasUmask: true, Umask: umask, Dir: dir})
			if got, want := e.status(t, "Umask"), fmt.Sprintf("%04o", umask); got != want {
				t.Errorf("umask %s, want %s", got, want)
			}
			if got := readlink(t, e, "cwd"); got != dir {
				t.Errorf("the working directory is %s, want %s", got, dir)
			}
		}
	})
}

func TestArguments(t *testing.T) {
	eachClone(t, func(t *testing.T) {
		e := startEcho(t, Spec{Argv: []string{"a name", "--", "-"}, Env: []string{"A=1", "B=", "C=x y", "A=2"}})
		if got, want := e.proc(t, "cmdline"), "a name\x00--\x00-\x00"; got != want {
			t.Errorf("arguments %q, want %q", got, want)
		}
		if got, want := e.proc(t, "environ"), "A=1\x00B=\x00C=x y\x00A=2\x00"; got != want {
			t.Errorf("environment %q, want %q", got, want)
		}
	})
}

// TestPIDVariables has the child find its own pid in its environment, once for each name.
func TestPIDVariables(t *testing.T) {
	eachClone(t, func(t *testing.T) {
		e := startEcho(t, Spec{Env: []string{"LISTEN_PID=1", "A=1", "LISTEN_PIDS=2", "LISTEN_PID=3", "WATCHDOG_PID=1"}, PIDVariables: []string{"WATCHDOG_PID", "LISTEN_PID"}})
		pid := strconv.Itoa(e.PID)
		want := "A=1\x00LISTEN_PIDS=2\x00WATCHDOG_PID=" + pid + "\x00LISTEN_PID=" + pid + "\x00"
		if got := e.proc(t, "environ"); got != want {
			t.Errorf("environment %q, want %q", got, want)
		}
	})
}

func TestCredential(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("to become another user takes root")
	}
	eachClone(t, func(t *testing.T) {
		e := startEcho(t, Spec{Credential: &Credential{UID: 54321, GID: 54322, Groups: []uint32{7, 54323}}})
		for name, want := range map[string]string{
			"Uid": "54321 54321 54321 54321", "Gid": "54322 54322 54322 54322",
			"Groups": "7 54323", "CapEff": "0000000000000000",
		} {
			if got := e.status(t, name); got != want {
				t.Errorf("%s: %s, want %s", name, got, want)
			}
		}
		e = startEcho(t, Spec{Credential: &Credential{UID: 54321, GID: 54322}})
		if got := e.status(t, "Groups"); got != "" {
			t.Errorf("without groups it has %q", got)
		}
	})
}

// TestNoFileRestored hands a child the limit that package os has raised for itself.
func TestNoFileRestored(t *testing.T) {
	if !testproc.Alone(t, testproc.OwnProcess) {
		return
	}
	var own syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &own); err != nil {
		t.Fatal(err)
	}
	e := startEcho(t, Spec{Limits: []Limit{{Resource: syscall.RLIMIT_NOFILE, Soft: 256, Hard: own.Max}}})
	if got, want := e.limit(t, "Max open files"), "256 "+strconv.FormatUint(own.Max, 10); got != want {
		t.Errorf("the child has %s, want %s", got, want)
	}
	if got, want := (echo{Process: Process{PID: os.Getpid()}}).limit(t, "Max open files"), strconv.FormatUint(own.Cur, 10)+" "+strconv.FormatUint(own.Max, 10); got != want {
		t.Errorf("we have %s now, want %s", got, want)
	}
}
