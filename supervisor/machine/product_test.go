package machine

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// The ways to get a service into each state: the same state is reached with different
// things wanted, which decides differently. A new state fails TestProduct until it has
// a way here.
var waysInto = map[State][]string{
	Stopped: {
		"",
		"start web|spawned web 1|exited web code 0",
	},
	Starting: {
		"start web",
		"start web|stop web",
		"start web once",
		"start web|remove web",
	},
	Running: {
		"start web|spawned web 1",
		"start web once|spawned web 1",
		"start web|spawned web 1|reload web",
		"start web|spawned web 1|pause web",
		"start web|spawned web 1|post web SIGUSR1 from 812",
		"start web|spawned web 1|exited web code 0 survivors|surveyed web 2 pid 2 (web)",
	},
	Stopping: {
		"start web|spawned web 1|stop web",
		"start web|spawned web 1|restart web",
		"start web|stop web|spawned web 1|start web",
		"start web|spawned web 1|remove web",
		"start web|spawned web 1|pause web|signalled web 2|stop web",
		"start web|spawned web 1|stop web|tick|dumps-seen web 1 7 (web)",
	},
	Clearing: {
		"start web|spawned web 1|exited web code 1 survivors",
		"start web|spawned web 1|exited web code 0 survivors",
		"start web|spawned web 1|exited web code 0 survivors|surveyed web 0 pid 2 (web)|tick",
		"start web|spawned web 1|exited web code 0 survivors|surveyed web 0 pid 2 (web)|tick|surveyed web 0 pid 2 (web)",
		"start web once|spawned web 1|exited web code 1 survivors",
		"start web|spawned web 1|stop web|exited web code 1 survivors",
		"start web|spawned web 1|restart web|exited web code 1 survivors",
		"start web|spawned web 1|remove web|exited web code 1 survivors",
		"start web|spawned web 1|exited web code 1 survivors|post web SIGUSR1 from 812 to tree",
		"start web|spawned web 1|exited web code 1 survivors|tick",
	},
	Backoff: {
		"start web|spawned web 1|exited web code 1",
		"start web|spawned web 1|exited web killed SIGSEGV dumping",
		"start web|spawn-failed web transient clone3: resource temporarily unavailable",
	},
	Failed: {
		"start web|spawn-failed web permanent execve: no such file or directory",
		"start web|spawned web 1|exited web code 0 survivors|tick|surveyed web 0 pid 2 (web)|emptied web",
	},
	Removed: {
		"remove web",
		"start web|spawned web 1|remove web|exited web code 0",
	},
}

// The forms of each event. A new event fails TestProduct until it has one here.
var formsOf = map[EventKind][]string{
	Boot:         {"boot"},
	Start:        {"start web", "start web once"},
	Stop:         {"stop web"},
	Restart:      {"restart web"},
	Remove:       {"remove web"},
	Reload:       {"reload web from 812"},
	Pause:        {"pause web"},
	Continue:     {"continue web"},
	Post:         {"post web SIGUSR1 from 812", "post web SIGRTMIN value 1 from 812", "post web SIGUSR1 from 812 to group", "post web SIGUSR1 from 812 to tree"},
	Signal:       {"signal SIGHUP from 812", "signal SIGRTMIN value 1 from 812", "signal SIGUSR2 from 812"},
	Tick:         {"tick"},
	Update:       {"update", "update restart web"},
	LoadFailed:   {"load-failed /etc/supervise.toml:3: unknown key"},
	Shutdown:     {"shutdown"},
	ShutdownNow:  {"shutdown-now"},
	Spawned:      {"spawned web 2"},
	SpawnFailed:  {"spawn-failed web transient clone3: resource temporarily unavailable", "spawn-failed web permanent execve: no such file or directory"},
	Delayed:      {"delayed web chdir /net/www"},
	Exited:       {"exited web code 0", "exited web code 1", "exited web killed SIGKILL survivors", "exited web killed SIGSEGV dumping"},
	DumpsSeen:    {"dumps-seen web 0", "dumps-seen web 2 7 (web), 8 (web)"},
	RemnantEnded: {"remnant-ended web 1", "remnant-ended web 2"},
	Emptied:      {"emptied web"},
	Surveyed:     {"surveyed web 0 pid 2 (web)", "surveyed web 2 pid 2 (web)"},
	Sent:         {"sent web ok", "sent web again", "sent web gone", "sent web refused"},
	Inspected:    {"inspected web none", "inspected web fatal"},
	Signalled:    {"signalled web 3", "signalled web 0", "signalled web failed"},
}

// TestProduct tries every event in every state. What comes of it is in
// testdata/product.golden, to be reviewed as a diff; and a state may only be left for
// one that the table names.
func TestProduct(t *testing.T) {
	var out strings.Builder
	for state := range State(numStates) {
		if len(waysInto[state]) == 0 {
			t.Errorf("no way into the state %v is known", state)
		}
		for kind := range EventKind(numEvents) {
			if table[state][kind].do == nil || table[state][kind].text == "" {
				t.Errorf("%v in state %v is not decided", kind, state)
				continue
			}
			if len(formsOf[kind]) == 0 {
				t.Errorf("no form of the event %v is known", kind)
			}
			for _, way := range waysInto[state] {
				for _, form := range formsOf[kind] {
					tryPair(t, &out, state, kind, way, form)
				}
			}
		}
	}
	golden(t, "testdata/product.golden", out.String())
}

func tryPair(t *testing.T, out *strings.Builder, state State, kind EventKind, way, form string) {
	s := newScript()
	lines := []string{"core-timeout 60s", "service web forward=SIGHUP:SIGHUP,SIGRTMIN:SIGRTMIN+1", "rule SIGUSR2 restart web"}
	for step := range strings.SplitSeq(way, "|") {
		switch step {
		case "":
		case "tick":
			lines = append(lines, step)
		default:
			lines = append(lines, "at +1s "+step)
		}
	}
	for _, line := range lines {
		if _, err := s.line(line); err != nil {
			t.Fatal(err)
		}
	}
	m := s.machine()
	if got := m.services[0].State; got != state {
		t.Fatalf("%q leads to %v, not %v", way, got, state)
	}
	if kind == Update {
		if _, err := s.line("service web ladder=SIGINT:tree:1s"); err != nil {
			t.Fatal(err)
		}
	}
	at := "at +1s " + form
	if _, timed := m.Deadline(); form == "tick" && timed {
		at = "tick"
	}
	answer, err := s.line(at)
	if err != nil {
		t.Fatal(err)
	}
	_, actions, _ := strings.Cut(answer, "\n")
	fmt.Fprintf(out, "%v, %s  (after: %s)\n%s", state, form, strings.ReplaceAll(way, "|", ", "), actions)
	if next := m.services[0].State; next != state && !slices.Contains(table[state][columnOf(m, 0, s.actions)].to, next) {
		t.Errorf("%v in state %v after %q leads to %v, of which the table knows nothing", kind, state, way, next)
	}
}
