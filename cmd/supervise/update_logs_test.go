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

// TestUpdateLogs changes where and how a service logs. What is not used any more is
// closed, and what is only asked about is not made.
func TestUpdateLogs(t *testing.T) {
	t.Parallel()
	config := func(log string) string {
		return "[service.web]\ncommand = [\"sh\", \"-c\", \"echo here; exec sleep 1000\"]\nlog = " + log + "\n"
	}
	s := start(t, entryBuild, config(`{ file = "$DIR/one" }`))
	file := func(name string) string { return filepath.Join(s.dir, name) }
	s.awaitRunning(t, "web")
	awaitText(t, file("one"), "here\n")
	written := func(name string) int {
		text, _ := os.ReadFile(file(name))
		return strings.Count(string(text), "\n")
	}
	starts := map[string]int{"one": 1}
	update := func(name, more string) { // a start that is not waited for may be stopped before it writes
		t.Helper()
		s.rewrite(t, config(`{ file = "$DIR/`+name+`"`+more+" }"))
		s.must(t, "update")
		starts[name]++
		for deadline := time.Now().Add(patience); written(name) < starts[name]; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s has %d lines, want %d", name, written(name), starts[name])
			}
		}
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
		update(fmt.Sprintf("only-%d", i), "")
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
	s.stop(t, syscall.SIGTERM)
	lines := readLines(t, file("two"))
	if last := lines[len(lines)-1]; !strings.HasPrefix(last, `{"time":`) {
		t.Errorf("the format has not changed: %s", last)
	}
}
