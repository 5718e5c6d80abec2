package main_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestLogDetour has log files that cannot be opened at first: the services run, what they
// write appears in supervise's own output, and goes to the file as soon as that is possible.
func TestLogDetour(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, as setup) {
		const script = `command = ["sh", "-c", 'echo first; read x <$DIR/NAME.fifo; echo second; exec sleep 1000']` + "\n"
		config := ""
		for _, name := range []string{"missing", "occupied"} {
			config += "[service." + name + "]\nlog.file = \"$DIR/" + name + "/log\"\n" + strings.ReplaceAll(script, "NAME", name)
		}
		s := start(t, entryBuild, config+"[service.other]\n"+sleeper, as, withFIFO(t, "missing.fifo"), withFIFO(t, "occupied.fifo"), func(s *supervised) {
			if err := os.MkdirAll(filepath.Join(s.dir, "occupied/log"), 0o755); err != nil {
				t.Fatal(err)
			}
		})
		other := s.awaitRunning(t, "other")
		for name, why := range map[string]string{"missing": "does not exist", "occupied": "is a directory"} {
			s.rewind()
			if l := s.await("that it cannot be opened", says(name, "until its log file can be opened")); l.Level != "error" || !strings.Contains(l.raw, why) {
				t.Errorf("%s: %s", name, l.raw)
			}
			s.await("the first line", wrote(name, "first"))
		}

		// What was so before keeps nobody from an update.
		s.rewrite(t, config+"[service.other]\n"+sleeper+"[service.new]\n"+sleeper)
		s.must(t, "update")
		s.awaitRunning(t, "new")
		if again := s.awaitRunning(t, "other"); again != other {
			t.Errorf("other has pid %d and had %d", again, other)
		}

		if err := os.Remove(filepath.Join(s.dir, "occupied/log")); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"missing", "occupied"} {
			dir := filepath.Join(s.dir, name)
			if err := os.MkdirAll(dir, 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(dir, 0o777); err != nil {
				t.Fatal(err)
			}
			s.rewind()
			s.await("it can be opened", says(name, "its log file can be opened: its output goes there"))
			s.release(t, name+".fifo")
			awaitText(t, filepath.Join(dir, "log"), "second\n")
		}
		for _, name := range []string{"missing", "occupied"} {
			s.call(t, orders["restart"](name))
			awaitText(t, filepath.Join(s.dir, name, "log"), "second\nfirst\n")
		}
		lines := s.stop(t, syscall.SIGTERM)
		for _, name := range []string{"missing", "occupied"} {
			if got := written(lines, name); !slices.Equal(got, []string{"first"}) {
				t.Errorf("%s wrote %q to supervise's own output", name, got)
			}
			if n := count(lines, says(name, "until its log file can be opened")); n != 1 {
				t.Errorf("%s: told %d times", name, n)
			}
		}
	})
}

// awaitText waits until a file has a text.
func awaitText(t *testing.T, file, want string) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) { // nothing tells when it is written
		text, _ := os.ReadFile(file)
		if string(text) == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s has %q, want %q", file, text, want)
		}
	}
}
