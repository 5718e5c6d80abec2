package main_test

import (
	"strings"
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
	})
}
