package machine

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

//go:generate go test -run ^TestStatesDoc$ . -update

// TestStatesDoc writes docs/states.md from the table with -update, and otherwise fails
// when it is not what the table says.
func TestStatesDoc(t *testing.T) {
	golden(t, "../../docs/states.md", statesDoc())
}

func statesDoc() string {
	var out strings.Builder
	out.WriteString(`# The states of a service

Generated from supervisor/machine/table.go by ` + "`go generate ./supervisor/machine`" + `; do not edit.
What each state means, and why, is told in the documentation of that package.

` + "```mermaid" + `
stateDiagram-v2
    [*] --> stopped
`)
	for from := range State(numStates) {
		for to := range State(numStates) {
			var events []string
			for kind := range EventKind(numEvents) {
				if slices.Contains(table[from][kind].to, to) {
					events = append(events, kind.String())
				}
			}
			if len(events) > 0 {
				fmt.Fprintf(&out, "    %v --> %v: %s\n", from, to, strings.Join(events, ", "))
			}
		}
	}
	out.WriteString("```\n")
	for from := range State(numStates) {
		fmt.Fprintf(&out, "\n## %v\n\n| event | what happens | next state |\n|---|---|---|\n", from)
		for kind := range EventKind(numEvents) {
			cell := table[from][kind]
			fmt.Fprintf(&out, "| %v | %s | %s |\n", kind, cell.text, nextStates(cell.to))
		}
	}
	out.WriteString(`
## In every state

- boot is for enabled services, signal for those that forward its number, tick for the one whose deadline has passed, update for those that the new configuration has, load-failed for none.
- What the rule of a signal or an update commands is decided as the command is: start, stop, restart, remove, reload, pause, continue.
- boot, start, restart and update are refused once a shutdown has begun, start and restart of a service also while it is on its way to be removed.
- An event about a generation before the last is noted as late; one about a generation that never was, as impossible.
- neighbour is for a service when another one, which it needs or which needs it, has changed; the machine itself says so, in the same step.
- start and restart also start what the service needs and nobody wants up, or has failed.
- Nothing is there of a service that is stopped, waiting, done, in backoff or failed: no leader and no survivor.
- The first SIGKILL of a ladder waits while the kernel writes the core of a process of the service, up to core.timeout; one that a shutdown cuts does not.
- The leader of a running service that crashes can have exited before its core is written, and what follows does not wait for that: remnant-ended comes later. After core.timeout it is killed.
- A shutdown is over when every service is stopped, done, failed or removed, and no core of a former leader is being written any more, and at the latest 6 s after it has cut the ladders: what is in another state then is left behind, and from then on every event is only noted.
`)
	return out.String()
}

func nextStates(states []State) string {
	if len(states) == 0 {
		return "the same"
	}
	names := make([]string, len(states))
	for i, s := range states {
		names[i] = s.String()
	}
	return strings.Join(names, ", ")
}
