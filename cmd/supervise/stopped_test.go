package main_test

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"supervise/internal/testproc"
)

// TestStatusOfStopped asks a supervisor that is stopped, also while something happens that it
// does not know of yet: the board answers at once, and says that it is old.
func TestStatusOfStopped(t *testing.T) {
	eachUser(t, func(t *testing.T, as setup) {
		s := start(t, entryBuild, "[service.web]\ncommand = [\"sh\", \"-c\", 'echo \"pid $$\"; exec sleep 1000']\n[service.off]\ncommand = \"true\"\nstartup = \"disabled\"\n", as)
		pid := s.awaitPID("web")
		s.await("it is up", up("web"))
		s.freeze(t)
		t.Cleanup(func() { _ = s.cmd.Process.Signal(syscall.SIGCONT) })
		for _, ended := range []bool{false, true} {
			if ended {
				if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
					t.Fatal(err)
				}
				awaitGone(t, pid)
			}
			for _, c := range []struct {
				args string
				says string
				code int
			}{
				{"status", "web", 0},
				{"status web", "web", 0},
				{"status off", "off", 3},
				{"status --board", "web", 0},
				{"status --format json web", fmt.Sprint(`"pid": `, pid), 0},
				{"status webb", "", 4},
			} {
				s.askStopped(t, c.args, c.says, c.code)
			}
		}
		s.signal(t, syscall.SIGCONT)
		if out, code := ask(t, s.runtime, "status"); code != 0 || strings.Contains(out, "is stopped") {
			t.Errorf("when it goes on: status %d, %s", code, out)
		}
		s.stop(t, syscall.SIGTERM)
	})
}

// askStopped asks for the status, and checks the answer, how old it says to be, and that it
// comes at once: who asks would wait for ten seconds.
func (s *supervised) askStopped(t *testing.T, args, says string, code int) {
	t.Helper()
	var out, diagnostics bytes.Buffer
	cmd := exec.Command(entryBuild, append(strings.Fields(args), "--runtime-dir", s.runtime)...)
	cmd.Stdout, cmd.Stderr = &out, &diagnostics
	begun := time.Now()
	err := cmd.Run()
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("%s takes %v", args, took)
	}
	if got := exitCode(t, err); got != code || !strings.Contains(out.String(), says) {
		t.Errorf("%s ends with status %d, want %d: %s%s", args, got, code, &out, &diagnostics)
	}
	want := fmt.Sprintf("is stopped, and answers nobody until 'kill -CONT %d': this is how things stood when it was last at work, ", s.cmd.Process.Pid)
	if code != 4 && !strings.Contains(diagnostics.String(), want) {
		t.Errorf("%s says %q", args, &diagnostics)
	}
}

// TestFractions has a ladder climbed to its end: SIGKILL is no rung of it.
func TestFractions(t *testing.T) {
	needRoot(t)
	s := start(t, entryBuild, "shutdown-timeout = \"60s\"\n[service.stays]\nenvironment."+testproc.RoleVariable+" = \"as-root\"\nstop.timeout = \"100ms\"\n"+
		"command = [\"sh\", \"-c\", 'echo \"pid $$\"; exec $DIR/as-root sleep 1000']\n", asNobody, asRoot(t))
	pid := s.awaitPID("stays")
	t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
	awaitRoot(t, pid)
	s.signal(t, syscall.SIGTERM)
	s.await("SIGKILL", says("stays", "killing all of its processes"))
	for _, args := range [][]string{{"status"}, {"status", "stays"}, {"status", "--board"}} {
		if out, _ := ask(t, s.runtime, args...); !strings.Contains(out, "stopping SIGKILL") {
			t.Errorf("%v: %s", args, out)
		}
	}
	_ = syscall.Kill(pid, syscall.SIGKILL)
	s.end(t)
}
