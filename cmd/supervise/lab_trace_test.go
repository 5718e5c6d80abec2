package main_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"supervise/internal/testproc"
	"supervise/signals"
	"supervise/signals/lab"
	"supervise/signals/lab/actor"
)

// TestLabTraced: what an experiment says that a trace of it shows is what supervise trace
// records at the same time.
func TestLabTraced(t *testing.T) {
	needRoot(t)
	if err := exec.Command(entryBuild, "help", "trace").Run(); err != nil {
		t.Skip("there is no supervise trace")
	}
	testproc.NoCorePattern(t)
	for _, e := range lab.Experiments() {
		t.Run(e.Name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "trace")
			cmd := exec.Command(entryBuild, "trace", "--all", "--to", actor.Comm, "--format", "json", "--output", file, "--",
				entryBuild, "lab", e.Name)
			out, err := cmd.CombinedOutput()
			switch {
			case bytes.Contains(out, []byte("not possible here")):
				t.Skipf("%s", out)
			case err != nil:
				t.Fatalf("%v\n%s", err, out)
			case bytes.Contains(out, []byte("by ptrace")):
				t.Skipf("only ptrace, which does not see what is not delivered: %s", out)
			}
			seen := lives(t, file)
			for _, want := range e.Trace {
				n := seen[life{want.Signal, want.Verdict}]
				if want.Verdict == "taken" {
					n += seen[life{want.Signal, "discarded"}] + seen[life{want.Signal, "pending"}]
				}
				if n < want.Count {
					t.Errorf("it should show %v, and shows %v\n%s", want, seen, out)
				}
			}
		})
	}
}

// life is what became of a signal, in a trace.
type life struct {
	Signal  signals.Signal
	Verdict string
}

// lives counts the signals that actors were sent.
func lives(t *testing.T, file string) map[life]int {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[life]int{}
	for lines := bufio.NewScanner(strings.NewReader(string(text))); lines.Scan(); {
		var l life
		if json.Unmarshal(lines.Bytes(), &l) == nil && l.Signal != 0 {
			seen[l]++
		}
	}
	return seen
}
