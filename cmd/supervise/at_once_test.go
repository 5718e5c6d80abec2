package main_test

import (
	"os"
	"strings"
	"syscall"
	"testing"
)

// TestDiesAtOnce starts what does not stay up: whoever waits is told, with the last words. The
// moment is long, so that a busy machine has the time to let them die.
func TestDiesAtOnce(t *testing.T) {
	eachUser(t, func(t *testing.T, as setup) {
		s := start(t, entryBuild, `
[service.late]
command = ["sh", "-c", "echo no port; sleep 0.1; echo bye >&2; exit 4"]
startup = "disabled"
up-after = "30s"
restart = { policy = "never" }
[service.soon]
command = ["sh", "-c", "echo no port; echo bye >&2; exit 4"]
startup = "disabled"
up-after = "30s"
restart = { delay = "1h", max-delay = "1h" }
[service.loops]
command = ["sh", "-c", "echo no port; echo bye >&2; sleep 0.02; exit 4"]
startup = "disabled"
up-after = "30s"
restart = { delay = "0s" }
[service.killed]
command = ["sh", "-c", "echo no port; echo bye >&2; kill -SEGV $$"]
startup = "disabled"
up-after = "30s"
restart = { delay = "1h", max-delay = "1h" }
[service.cut]
command = ["sh", "-c", "echo no port; printf bye; exit 4"]
startup = "disabled"
up-after = "30s"
log = { mode = "file", file = "$DIR/cut.log" }
restart = { delay = "1h", max-delay = "1h" }
[service.missing]
command = "/nonexistent/program"
startup = "disabled"
up-after = "30s"
[service.works]
command = ["sh", "-c", "echo done"]
startup = "disabled"
up-after = "30s"
[service.stays]
command = "sleep 1000"
startup = "disabled"
[service.changes]
command = ["sh", "-c", "test ! -e $DIR/bad || { echo no port; echo bye; exit 4; }; exec sleep 1000"]
up-after = "30s"
restart = { delay = "1h", max-delay = "1h" }
[service.hasty]
command = ["sh", "-c", "sleep 0.1; exit 4"]
startup = "disabled"
up-after = "0s"
restart = { delay = "1h", max-delay = "1h" }
`, as)
		const words = "\n  | no port\n  | bye\n"
		for _, test := range []struct {
			name, what, lines string
			code              int
		}{
			{"late", ": exited with code 4", words, 1},
			{"soon", ": exited with code 4", words, 1},
			{"killed", ": killed by SIGSEGV", words, 1},
			{"cut", ": exited with code 4", words, 1},
			{"missing", "missing: is failed: cannot start", "", 1},
			{"works", "works: has ended: exited with code 0", "", 0},
			{"stays", "stays: is up, pid ", "", 0},
			{"hasty", "hasty: is up, pid ", "", 0},
		} {
			for _, args := range [][]string{{"start", test.name}, {"start", "--once", test.name}, {"restart", test.name}} {
				out, code := s.run(t, args...)
				again := args[0] == "start" && (test.name == "stays" || test.name == "hasty") && strings.Contains(out, "was up already")
				if code != test.code || !strings.Contains(out, test.what) && !again || !strings.HasSuffix(out, test.lines) {
					t.Errorf("%v: status %d: %s", args, code, out)
				}
			}
		}
		if why := s.must(t, "why", "late"); !strings.Contains(why, "its last 2 lines before that"+words) {
			t.Errorf("why does not say what it wrote: %s", why)
		}
		if out, code := s.run(t, "start", "loops"); code != 1 || !strings.Contains(out, "loops: does not stay up: ") && !strings.Contains(out, "loops: is backoff: ") {
			t.Errorf("start of a loop: status %d: %s", code, out)
		}
		if out, code := s.run(t, "start", "loops", "stays"); code != 1 || !strings.Contains(out, "stays: was up already") {
			t.Errorf("start of two: status %d: %s", code, out)
		}
		if out, code := s.run(t, "wait", "--timeout", "500ms", "loops"); code != 1 {
			t.Errorf("a loop is up, by luck: status %d: %s", code, out)
		}
		s.awaitRunning(t, "changes")
		writeFile(t, s.dir+"/bad", "")
		if out, code := s.run(t, "restart", "changes"); code != 1 || !strings.HasSuffix(out, words) {
			t.Errorf("restart of what has become bad: status %d: %s", code, out)
		}
		if out := s.must(t, "start", "--no-wait", "late"); !strings.Contains(out, "accepted") {
			t.Errorf("start without waiting: %s", out)
		}
		s.stop(t, syscall.SIGTERM)
	})
}

// TestUpdateDiesAtOnce updates to what does not stay up.
func TestUpdateDiesAtOnce(t *testing.T) {
	eachUser(t, func(t *testing.T, as setup) {
		const bad = "command = [\"sh\", \"-c\", \"echo no port; exit 4\"]\nup-after = \"30s\"\nrestart = { delay = \"1h\", max-delay = \"1h\" }\n"
		s := start(t, entryBuild, "[service.web]\n"+sleeper, as)
		s.awaitRunning(t, "web")
		file := s.dir + "/test.toml"
		head, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, test := range []struct {
			name, config, want string
			code               int
			args               []string
		}{
			{"nothing", "", "nothing to change\n", 0, nil},
			{"a good one", "[service.db]\n" + sleeper, "db: is up, pid ", 0, nil},
			{"a bad one", "[service.db]\n" + sleeper + "[service.bad]\n" + bad, "bad: is backoff: exited with code 4", 1, nil},
			{"its last words", "[service.db]\n" + sleeper + "[service.worse]\n" + bad, "\n  | no port\n", 1, nil},
			{"one that becomes bad", "[service.db]\n" + bad, "db: is backoff: exited with code 4", 1, nil},
			{"one that is off", "[service.off]\nstartup = \"disabled\"\n" + bad, "off", 0, nil},
			{"no time to wait", "[service.later]\n" + bad, "later", 0, []string{"--no-wait"}},
			{"only asked", "[service.asked]\n" + bad, "asked", 0, []string{"--dry-run"}},
			{"as JSON", "[service.object]\n" + bad, "exited with code 4", 1, []string{"--format", "json"}},
		} {
			writeFile(t, file, string(head)+test.config)
			out, code := s.run(t, append([]string{"update"}, test.args...)...)
			if code != test.code || !strings.Contains(out, test.want) {
				t.Errorf("%s: status %d: %s", test.name, code, out)
			}
		}
		s.stop(t, syscall.SIGTERM)
	})
}
