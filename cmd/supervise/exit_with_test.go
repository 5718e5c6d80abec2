package main_test

import (
	"strings"
	"testing"
)

// TestExitWith has a supervise run end with its services, and say how by its status.
func TestExitWith(t *testing.T) {
	const (
		stays = "[service.stays]\ncommand = \"sleep 1000\"\n"
		never = "restart = { policy = \"never\" }\n"
	)
	sh := func(name, script string) string {
		return "[service." + name + "]\ncommand = [\"sh\", \"-c\", '" + script + "']\n"
	}
	for name, test := range map[string]struct {
		config string
		status int
	}{
		"it is done":        {"exit-with = \"web\"\n" + stays + sh("web", "exit 0"), 0},
		"it has failed":     {"exit-with = \"web\"\n" + stays + sh("web", "exit 3") + never, 3},
		"it is killed":      {"exit-with = \"web\"\n" + stays + sh("web", "kill -KILL $$") + never, 137},
		"it cannot start":   {"exit-with = \"web\"\n" + stays + "[service.web]\ncommand = \"/nonexistent/web\"\n", 127},
		"after its restart": {"exit-with = \"web\"\n" + stays + sh("web", "test -e $DIR/again || { touch $DIR/again; exit 3; }") + "restart = { delay = \"0s\" }\n", 0},
		"all":               {"exit-with = \"all\"\n" + sh("web", "exit 0") + sh("job", "exit 4") + never + sh("idle", "exit 5") + "startup = \"disabled\"\n", 4},
		"any":               {"exit-with = \"any-failed\"\n" + stays + sh("web", "exit 0") + sh("job", "sleep 0.1; exit 4") + never, 4},
	} {
		t.Run(name, func(t *testing.T) {
			eachUser(t, func(t *testing.T, as setup) {
				s := prepare(t, entryBuild, test.config, as)
				s.launch(t)
				if status := s.wait(t); status != test.status {
					t.Errorf("status %d, want %d", status, test.status)
				}
				s.done = true
				s.all()
				if log := s.text(); !strings.Contains(log, "supervise exits with it (exit-with), with status ") || !strings.Contains(log, "supervise exits\"") {
					t.Errorf("the log does not say why: %s", log)
				}
			})
		})
	}
}
