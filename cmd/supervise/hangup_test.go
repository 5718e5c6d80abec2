package main_test

import (
	"syscall"
	"testing"

	"github.com/creack/pty"
)

// onTerminal gives a supervise run a session and a terminal of its own; what it returns
// closes that.
func onTerminal(t *testing.T) (as setup, hangUp func()) {
	t.Helper()
	master, terminal, err := pty.Open()
	if err != nil {
		t.Skipf("no pseudo terminal: %v", err)
	}
	t.Cleanup(func() { _, _ = master.Close(), terminal.Close() })
	return func(s *supervised) {
			s.cmd.Stdin = terminal
			s.cmd.SysProcAttr.Setsid, s.cmd.SysProcAttr.Setctty = true, true
		}, func() {
			_ = terminal.Close()
			_ = master.Close()
		}
}

// below has a supervise run be started by a shell script, which has its command line in $@.
func below(script string) setup {
	return func(s *supervised) {
		s.cmd.Args = append([]string{"sh", "-c", script, "sh"}, append([]string{s.cmd.Path}, s.cmd.Args[1:]...)...)
		s.cmd.Path = "/bin/sh"
	}
}

// TestTerminalCloses closes the terminal of a supervise run, which ends it, unless there is
// a rule for SIGHUP.
func TestTerminalCloses(t *testing.T) {
	t.Parallel()
	const web = "[service.web]\n" + sleeper
	none := func(*supervised) {}
	for name, test := range map[string]struct {
		config string
		how    setup
		want   string // in a line of the log
		ends   bool
	}{
		"default":   {web, none, "SIGHUP from the kernel, as the terminal is gone: that is a shutdown", true},
		"forwarded": {web + "signals.forward = { SIGHUP = 'SIGHUP' }\n", none, "that is a shutdown", true},
		"ignore":    {"[signals]\nSIGHUP = 'ignore'\n" + web, none, "ignores SIGHUP from the kernel", false},
		"update":    {"[signals]\nSIGHUP = 'update'\n" + web, none, "reads the configuration", false},
		"by the shell": {
			web, below(`trap 'kill -HUP $!' HUP; "$@" & wait; wait $!`),
			"(sh, uid ", true,
		},
		"nohup": {web, below(`trap '' HUP; exec "$@"`), "reads the configuration", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			as, hangUp := onTerminal(t)
			s := start(t, entryBuild, test.config, as, test.how)
			pid := s.awaitRunning(t, "web")
			hangUp()
			s.await("what it does about it", says("", test.want))
			if test.ends {
				s.end(t)
				return
			}
			if again := s.awaitRunning(t, "web"); again != pid {
				t.Errorf("web has pid %d and had %d", again, pid)
			}
			s.stop(t, syscall.SIGTERM)
		})
	}
}

// TestHangUpOnTerminal sends a SIGHUP to a supervise run whose terminal is there still.
func TestHangUpOnTerminal(t *testing.T) {
	t.Parallel()
	as, _ := onTerminal(t)
	s := start(t, entryBuild, "[service.web]\n"+sleeper, as)
	s.awaitRunning(t, "web")
	s.signal(t, syscall.SIGHUP)
	s.await("it updates", says("", "reads the configuration"))
	chained(t, s.history(t), "came: SIGHUP from pid ")
	s.stop(t, syscall.SIGTERM)
}
