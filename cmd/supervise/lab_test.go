//go:build !slim

package main

import (
	"errors"
	"os"
	"strings"
	"testing"

	"supervise/signals"
	"supervise/signals/lab"
)

// TestLabDiffers: a difference is told where it was seen, and makes the exit status 1.
func TestLabDiffers(t *testing.T) {
	result := lab.Result{Name: "planted", Verdict: lab.Differs, Why: "pending: none, not SIGTERM", Teaches: "one\ntwo", Man: "signal(7)", Trace: []lab.Traced{{Signal: signals.SIGUSR1, Verdict: "coalesced", Count: 2}, {Signal: signals.SIGTERM, Verdict: "handled", Count: 1}}}
	var status exitStatus
	if err := labStatus([]lab.Result{{Verdict: lab.Impossible}, result, {}}); !errors.As(err, &status) || status != exitFailed {
		t.Errorf("the status is %v", err)
	}
	if err := labStatus([]lab.Result{{Verdict: lab.Impossible}, {}}); err != nil {
		t.Errorf("without a difference the status is %v", err)
	}
	var text strings.Builder
	printStep(&text, &lab.Step{Text: "it is sent SIGTERM"})
	printStep(&text, &lab.Step{Text: "blocked", Seen: "SIGTERM", Expected: "SIGTERM"})
	printStep(&text, &lab.Step{Text: "pending", Seen: "none", Expected: "SIGTERM"})
	printConclusion(&text, &result)
	want := `  it is sent SIGTERM
    blocked: SIGTERM
  ! pending: none, but expected was: SIGTERM
  differs: pending: none, not SIGTERM

  one
  two
  See signal(7).
  In a trace: 2 SIGUSR1 coalesced, SIGTERM handled.
`
	if text.String() != want {
		t.Errorf("it prints\n%swant\n%s", text.String(), want)
	}
}

// TestLabDocumented: docs/signals.md lists every experiment.
func TestLabDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/signals.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range lab.Experiments() {
		if row := "| `" + e.Name + "` | " + e.Title + " |\n"; !strings.Contains(string(text), row) {
			t.Errorf("there is no line %s", row)
		}
	}
}
