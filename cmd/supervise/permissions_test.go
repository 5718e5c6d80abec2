package main_test

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"supervise/internal/testproc"
)

// TestPermissions has users without rights, and a member of the group of control, use
// FIFOs, queues and board of root's supervisor.
func TestPermissions(t *testing.T) {
	t.Parallel()
	needRoot(t)
	const group = 61_234 // nobody's
	stranger := &syscall.Credential{Uid: 61_001, Gid: 61_001, Groups: []uint32{61_001}}
	member := &syscall.Credential{Uid: 61_002, Gid: 61_002, Groups: []uint32{group}}
	for name, test := range map[string]struct {
		control         string
		reads, commands bool // a member may
	}{
		"default":     {"", false, false},
		"group":       {"[control]\ngroup = \"61234\"\n", true, true},
		"group reads": {"[control]\ngroup = \"61234\"\nmode = \"0640\"\n", true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, entryBuild, test.control+"[service.web]\n"+sleeper)
			pid := s.awaitRunning(t, "web")
			for who, may := range map[*syscall.Credential]struct{ read, command bool }{
				stranger: {}, member: {test.reads, test.commands},
			} {
				for _, try := range []struct {
					allowed bool
					argv    []string
				}{
					{may.read, []string{entryBuild, "status", "--board"}},
					{may.read, []string{entryBuild, "status"}},
					{may.command, []string{entryBuild, "status", "--format", "json"}},
					{may.command, []string{entryBuild, "restart", "web"}},
					{may.command, []string{"sh", "-c", "echo restart web >$SUPERVISE_RUNTIME_DIR/control"}},
					{may.command, []string{"sh", "-c", "echo r >$SUPERVISE_RUNTIME_DIR/services/web/control"}},
				} {
					out, code := s.as(t, who, try.argv...)
					switch {
					case try.allowed && code != 0:
						t.Errorf("uid %d may not %q: status %d: %s", who.Uid, try.argv, code, out)
					case !try.allowed && code == 0:
						t.Errorf("uid %d may %q: %s", who.Uid, try.argv, out)
					case !try.allowed && !strings.Contains(strings.ToLower(out), "permission denied"):
						t.Errorf("uid %d gets no clear message for %q: %s", who.Uid, try.argv, out)
					case !try.allowed && try.argv[0] == entryBuild && !strings.Contains(out, "control.group"):
						t.Errorf("uid %d gets no hint: %s", who.Uid, out)
					}
				}
			}
			if again := s.awaitRunning(t, "web"); (again != pid) != test.commands {
				t.Errorf("web had pid %d and has %d", pid, again)
			}
			s.stop(t, syscall.SIGTERM)
		})
	}
}

// as runs a command as another user.
func (s *supervised) as(t *testing.T, who *syscall.Credential, argv ...string) (out string, code int) {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = []string{"PATH=/usr/bin:/bin", "SUPERVISE_RUNTIME_DIR=" + s.runtime}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: who}
	var text strings.Builder
	cmd.Stdout, cmd.Stderr = &text, &text
	testproc.Start(t, cmd)
	code = exitCode(t, cmd.Wait())
	return text.String(), code
}
