package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// chatter writes a line with its pid all the time.
const chatter = `command = ["sh", "-c", "while :; do echo $$; sleep 0.01; done"]` + "\n"

// TestUpdateLogs changes where and how a service logs, which goes on. What is not used any
// more is closed, and what is only asked about is not made.
func TestUpdateLogs(t *testing.T) {
	t.Parallel()
	config := func(log string) string { return "[service.web]\n" + chatter + "log = " + log + "\n" }
	s := start(t, entryBuild, config(`{ file = "$DIR/one" }`))
	file := func(name string) string { return filepath.Join(s.dir, name) }
	pid := s.awaitRunning(t, "web")
	awaitMore(t, file("one"))
	update := func(name, more string) {
		t.Helper()
		s.rewrite(t, config(`{ file = "$DIR/`+name+`"`+more+" }"))
		s.must(t, "update")
		awaitMore(t, file(name))
	}
	update("two", "")
	before := s.fds(t)

	for i := range 5 {
		s.rewrite(t, config(`{ file = "$DIR/dry" }`))
		s.must(t, "update", "--dry-run")
		s.rewrite(t, config(`{ file = "$DIR/none/such" }`))
		if out, code := s.run(t, "update", "--dry-run"); code != 1 || !strings.Contains(out, "no such file") {
			t.Errorf("a dry run with a log that cannot be: %d: %s", code, out)
		}
		if out, code := s.run(t, "update"); code != 1 {
			t.Errorf("an update with a log that cannot be: %s", out)
		}
		update("one", "")
		s.must(t, "update") // nothing has changed
		update(fmt.Sprintf("only-%d", i), `, stderr = "$DIR/errors"`)
		update("two", "")
	}
	if _, err := os.Stat(file("dry")); err == nil {
		t.Error("a dry run has made a file")
	}
	for deadline := time.Now().Add(patience / 4); s.fds(t) > before; time.Sleep(time.Millisecond) { // nothing tells when they are closed
		if time.Now().After(deadline) {
			t.Fatalf("it has %d descriptors, and had %d: %q", s.fds(t), before, s.fdNames())
		}
	}
	update("two", `, format = "json"`)
	if now := s.awaitRunning(t, "web"); now != pid {
		t.Errorf("it has pid %d, and had %d", now, pid)
	}
	s.stop(t, syscall.SIGTERM)
	lines := readLines(t, file("two"))
	if last := lines[len(lines)-1]; !strings.HasPrefix(last, `{"time":`) {
		t.Errorf("the format has not changed: %s", last)
	}
}

// awaitMore waits until a file has more lines than now.
func awaitMore(t *testing.T, file string) {
	t.Helper()
	text, _ := os.ReadFile(file)
	size := len(text)
	for deadline := time.Now().Add(patience); len(text) <= size; time.Sleep(time.Millisecond) { // nothing tells when it is written
		if time.Now().After(deadline) {
			t.Fatalf("%s does not grow from %d bytes", file, size)
		}
		text, _ = os.ReadFile(file)
	}
}

// TestUpdateLogModes goes through the modes of a log. Only to and from inherit does that
// take another process.
func TestUpdateLogModes(t *testing.T) {
	t.Parallel()
	config := func(log string) string { return "[service.web]\n" + chatter + "log = " + log + "\n" }
	s := start(t, entryBuild, config(`{ mode = "discard" }`))
	pid := s.awaitRunning(t, "web")
	for _, c := range []struct {
		log     string
		restart bool
	}{
		{`{ mode = "prefix" }`, false},
		{`{ file = "$DIR/log", permissions = "0604", max-size = "1KB", keep = 1, compress = "gzip", max-age = "1h", when-full = "drop" }`, false},
		{`{ mode = "discard" }`, false},
		{`{ mode = "inherit" }`, true},
		{`{ file = "$DIR/log2" }`, true},
		{`{ mode = "discard" }`, false},
	} {
		s.rewrite(t, config(c.log))
		out := s.must(t, "update")
		if strings.Contains(out, "restart") != c.restart {
			t.Errorf("%s: %s", c.log, out)
		}
		if c.restart {
			awaitOther(t, s, pid)
		}
		now := s.awaitRunning(t, "web")
		if (now != pid) != c.restart {
			t.Errorf("%s: it has pid %d, and had %d", c.log, now, pid)
		}
		pid = now
		switch {
		case strings.Contains(c.log, "prefix"):
			s.rewind()
			s.await("its lines", wrote("web", fmt.Sprint(pid)))
		case strings.Contains(c.log, "log2"):
			awaitMore(t, filepath.Join(s.dir, "log2"))
		case strings.Contains(c.log, "/log"):
			awaitMore(t, filepath.Join(s.dir, "log"))
			for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) { // nothing tells when it is compressed
				if _, err := os.Stat(filepath.Join(s.dir, "log.1.gz")); err == nil {
					break
				}
				if time.Now().After(deadline) {
					t.Fatal("it is not compressed")
				}
			}
			if info, err := os.Stat(filepath.Join(s.dir, "log")); err != nil || info.Mode().Perm() != 0o604 {
				t.Errorf("%v, %v", info, err)
			}
		}
	}
	if out := s.must(t, "logs", "web"); !strings.Contains(out, fmt.Sprint(pid)) {
		t.Errorf("the last lines of what is discarded are %q", out)
	}
	s.signal(t, syscall.SIGTERM)
	s.wait(t)
}

// awaitOther waits until the service web has another process.
func awaitOther(t *testing.T, s *supervised, pid int) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		if now := s.status(t, "web"); now.PID != 0 && now.PID != pid {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("it is not restarted")
		}
	}
}

// TestLogsReopen moves a log file away and asks, in every way in which that can be asked, for
// another one. When a command has ended, that is there.
func TestLogsReopen(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, as setup) {
		s := start(t, entryBuild, `
[signals]
SIGUSR1 = "reopen"
SIGUSR2 = { reopen = "web" }
SIGWINCH = { reopen = ["other", "web"] }
[service.web]
`+chatter+`log = { file = "$DIR/logs/web", stderr = "$DIR/logs/err" }
[service.other]
`+sleeper, as, func(s *supervised) {
			if err := os.Mkdir(filepath.Join(s.dir, "logs"), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(filepath.Join(s.dir, "logs"), 0o777); err != nil {
				t.Fatal(err)
			}
		})
		pid := s.awaitRunning(t, "web")
		file := filepath.Join(s.dir, "logs", "web")
		moved := 0
		for what, ask := range map[string]func() bool{
			"logs --reopen":       func() bool { s.must(t, "logs", "--reopen", "web"); return true },
			"logs --reopen --all": func() bool { s.must(t, "logs", "--reopen", "--all"); return true },
			"update":              func() bool { s.must(t, "update"); return true },
			"nothing":             func() bool { return false },
			"a line":              func() bool { s.command(t, "control", "reopen web\n"); return false },
			"SIGUSR1":             func() bool { s.signal(t, syscall.SIGUSR1); return false },
			"SIGUSR2":             func() bool { s.signal(t, syscall.SIGUSR2); return false },
			"SIGWINCH":            func() bool { s.signal(t, syscall.SIGWINCH); return false },
			"SIGHUP":              func() bool { s.signal(t, syscall.SIGHUP); return false },
		} {
			awaitMore(t, file)
			moved++
			if err := os.Rename(file, fmt.Sprint(file, ".", moved)); err != nil {
				t.Fatal(err)
			}
			if atOnce := ask(); atOnce {
				if _, err := os.Stat(file); err != nil {
					t.Errorf("%s: %v", what, err)
				}
			}
			awaitMore(t, file)
		}
		if out, code := s.run(t, "logs", "--reopen", "other", "web"); code != 0 || !strings.Contains(out, "other: it has no log file") || !strings.Contains(out, "web: ") {
			t.Errorf("%d: %s", code, out)
		}
		if out, code := s.run(t, "logs", "--reopen", "nope"); code != 4 {
			t.Errorf("%d: %s", code, out)
		}
		for _, args := range [][]string{{"logs", "--reopen"}, {"logs", "--all", "web"}, {"logs", "--reopen", "--all", "web"}} {
			if out, code := s.run(t, args...); code != 2 {
				t.Errorf("%v: %d: %s", args, code, out)
			}
		}
		if now := s.awaitRunning(t, "web"); now != pid {
			t.Errorf("it has pid %d, and had %d", now, pid)
		}

		// Nowhere to write: that is told, and it writes elsewhere until it can be done.
		if err := os.RemoveAll(filepath.Join(s.dir, "logs")); err != nil {
			t.Fatal(err)
		}
		s.rewind()
		s.await("it is told", says("web", "until its log file can be opened"))
		s.await("a line on the console", wrote("web", fmt.Sprint(pid)))
		if out, code := s.run(t, "logs", "--reopen", "web"); code != 1 || !strings.Contains(out, "does not exist") {
			t.Errorf("%d: %s", code, out)
		}
		if err := os.Mkdir(filepath.Join(s.dir, "logs"), 0o777); err != nil {
			t.Fatal(err)
		}
		_ = os.Chmod(filepath.Join(s.dir, "logs"), 0o777)
		s.must(t, "logs", "--reopen", "web")
		awaitMore(t, file)
		s.stop(t, syscall.SIGTERM)
	})
}
