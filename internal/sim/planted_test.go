package sim

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// planted are bugs, and a word of what the simulation is to say of each.
var planted = []struct {
	name, file, text, replacement, says string
}{
	{
		"a handler is as sure as the default action", "supervisor/attribution/ledger.go",
		"last.Effect == machine.Fatal && (", "(",
		"as it is said",
	},
	{
		"senders outlive their generation", "supervisor/attribution/ledger.go",
		"func (l *Ledger) Reset() { l.sent = nil }", "func (l *Ledger) Reset() {}",
		"as it is said",
	},
	{
		"whoever sent one has killed it", "signals/recorder/memory.go",
		"killer == nil && (s.Fate() == Ends || s.Fate() == Waits)", "killer == nil",
		"is said",
	},
	{
		"a cause is not before its effect", "supervisor/journal/journal.go",
		"		cause: e.Cause, origin: e.Origin,", "		cause: e.Cause + 1, origin: e.Origin,",
		"has the cause",
	},
	{
		"an explanation begins with the last entry", "supervisor/journal/why.go",
		"k.service == service && k.marks&stateChanged != 0", "k.service == service",
		"and the explanation is",
	},
	{
		"a kill has no entry", "supervisor/journal/worth.go",
		"case machine.Deliver, machine.Kill, machine.KillRemnant, machine.GiveUpStart:", "case machine.Deliver, machine.KillRemnant, machine.GiveUpStart:",
		"kill of",
	},
	{
		"events are told again", "supervisor/calls/follow.go",
		"	p.published = to\n", "",
		"has the number",
	},
	{
		"what is being cleared away is down", "supervisor/calls/condition.go",
		"	case machine.Waiting, machine.Starting, machine.Running, machine.Stopping, machine.Clearing, machine.Backoff:\n",
		"	case machine.Waiting, machine.Starting, machine.Running, machine.Stopping, machine.Backoff:\n",
		"and it is clearing",
	},
	{
		"nobody gives up in time", "supervisor/calls/wait.go",
		"w.limited && w.deadline <= now:", "w.limited && w.deadline+PromptTime <= now:",
		"it does not wait",
	},
	{
		"what has changed once is not shown again", "supervisor/snapshot/snapshot.go",
		"		s.all[i].touched = false\n", "",
		"",
	},
	{
		"a status has the restarts in a row", "supervisor/snapshot/describe.go",
		"Restarts: view.Restarts", "Restarts: view.Row",
		"it is shown as",
	},
	{
		"nothing is shown until something happens", "supervisor/supervisor.go",
		"	s.publish()\n	for s.finished == nil", "	for s.finished == nil",
		"it is shown as",
	},
	{
		"who sent what was held is forgotten", "supervisor/send.go",
		"by == (machine.Asker{}) && sender.Known()", "false && sender.Known()",
		"and what has happened is",
	},
	{
		"a result is that of another action", "supervisor/send.go",
		"s.result(kernel.Signalled(action, count, err))", "s.result(kernel.Signalled(action, count+1, err))",
		"what came of it is",
	},
	{
		"a start that takes long is not told of", "supervisor/spawn.go",
		"			s.dispatch(event)\n", "",
		"the machine is not told: delayed",
	},
	{
		"a start is not given up", "supervisor/spawn.go",
		"	s.services[action.Service].system.GiveUpStart()\n", "",
		"give-up-start",
	},
	{
		"a pid is known for longer than its process", "supervisor/reap.go",
		"			delete(s.leaders, child.PID)\n", "",
		"",
	},
	{
		"SIGKILL waits for no core", "supervisor/crashes/dumps.go",
		"err == nil && s.Dumping {", "err == nil && s.Dumping && false {",
		"cores are said to be written",
	},
	{
		"a former leader is an orphan", "supervisor/reap.go",
		"!s.remnantEnded(child.PID) && !s.hookEnded", "!s.hookEnded",
		"a former leader is reaped",
	},
	{
		"a former leader is left alone", "supervisor/dumps.go",
		"		s.kernel.KillAside(pid)\n", "",
		"and that is not done",
	},
	{
		"survivors of a remnant are forgotten", "supervisor/reap.go",
		"!empty && len(s.leaving.remnants) > 0", "false",
		"nothing of it has been left for",
	},
	{
		"the first look at the survivors of a remnant is the last one", "supervisor/reap.go",
		"!empty && len(s.leaving.remnants) > 0", "!empty && s.machine.View(service.id).Remnant != 0",
		"nothing of it has been left for",
	},
	{
		"a look that has failed is the last one", "supervisor/reap.go",
		"		s.lookAgainIn(failedPause)", "",
		"nothing of it has been left for",
	},
	{
		"what is being stopped goes on without its leader", "supervisor/machine/dump.go",
		"return s.State == Running && s.Remnant == 0", "return s.State.hasLeader() && s.Remnant == 0",
		"is set aside while",
	},
	{
		"nobody waits for what it needs", "supervisor/machine/order.go",
		"		if s.blocked() {\n			m.wait(s)", "		if false {\n			m.wait(s)",
		"spawned, and what it",
	},
	{
		"nobody waits for those who need it", "supervisor/machine/order.go",
		"	case !s.keptUp() || m.shutdown.cutting:", "	case true:",
		"which is to stop before it",
	},
	{
		"those who wait are not told", "supervisor/machine/relate.go",
		"			m.dispatch(e.from, Neighbour)\n", "			_ = e\n",
		"",
	},
	{
		"what is lost is not passed on", "supervisor/machine/relate.go",
		"going != s.going || away != s.away ||", "going != s.going ||",
		"but it runs",
	},
	{
		"what has begun anew is not noticed", "supervisor/machine/order.go",
		"e.from.Stale = true", "e.from.Stale = false",
		"but it runs",
	},
	{
		"what was ready is forgotten", "supervisor/machine/states.go",
		"		m.noteReached(s)\n", "",
		"all its conditions are met",
	},
	{
		"what is lost for good is waited for", "supervisor/machine/condition.go",
		"		return !s.stalled\n", "		return true\n",
		"all its conditions are met",
	},
}

// TestPlanted builds the loop with one bug after the other, and expects the simulation to find
// each of them within some thousands of events.
func TestPlanted(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the loop many times")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, bug := range planted {
		t.Run(bug.name, func(t *testing.T) {
			t.Parallel()
			overlay := plant(t, filepath.Join(root, bug.file), bug.text, bug.replacement)
			test := exec.Command("go", "test", "-overlay", overlay, "-run", "^TestWorlds$", ".", "-worlds", "60")
			out, err := test.CombinedOutput()
			switch said, _, _ := strings.Cut(string(out), "\n        "); {
			case err == nil:
				t.Error("it is not found")
			case !strings.Contains(string(out), "seed ") || !strings.Contains(string(out), bug.says):
				t.Errorf("it says:\n%s", out)
			default:
				t.Log(said)
			}
		})
	}
}

// plant returns the name of an overlay in which one file has another text.
func plant(t *testing.T, file, text, replacement string) string {
	t.Helper()
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(source), text); n != 1 {
		t.Fatalf("%s has the text to be replaced %d times: %q", file, n, text)
	}
	changed := filepath.Join(t.TempDir(), "changed.go")
	write(t, changed, []byte(strings.Replace(string(source), text, replacement, 1)))
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {file: changed}})
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(filepath.Dir(changed), "overlay.json")
	write(t, name, overlay)
	return name
}

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
