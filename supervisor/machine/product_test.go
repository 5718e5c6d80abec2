package machine

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// The ways to get a service into each state: the same state is reached with different
// things wanted, which decides differently. A new state fails TestProduct until it has
// a way here. What follows a + are settings of web, and a service line is another service.
var waysInto = map[State][]string{
	Stopped: {
		"",
		"start web|spawned web 1|exited web code 0",
		"+requires=db|service db up-after=0s|stop web",
		"+requires=db|service db up-after=0s|start web more",
		"service app requires=web|start web|spawned web 1|stop web|exited web code 0",
	},
	Waiting: {
		"+requires=db|service db up-after=0s|start web",
		"+requires=db|service db up-after=0s|start web|spawn-failed db permanent execve: no such file or directory",
		"+requires=db|service db up-after=0s|start web|spawned db 1|spawned web 1|stop db|exited web code 0",
	},
	Starting: {
		"+requires=db|service db up-after=0s|start web|spawned db 1",
		"start web",
		"start web|stop web",
		"start web once",
		"start web|remove web",
	},
	Running: {
		"+requires=db:ready:stop|service db up-after=0s delay=1s|start web|spawned db 1|spawned web 1",
		"+requires=db:ready:restart|service db up-after=0s delay=0s|start web|spawned db 1|spawned web 1|exited db code 1",
		"+up-after=0s|service db requires=web|start db|spawned web 1|spawned db 1",
		"+up-after=0s|service db requires=web|start db|spawned web 1|spawned db 1|stop web",
		"+up-after=0s|service db requires=web:ready:stop|start db|spawned web 1|spawned db 1|restart web",
		"+up-after=0s|service db requires=web|start db|spawned web 1|spawned db 1|remove web",
		"start web|spawned web 1",
		"start web once|spawned web 1",
		"start web|spawned web 1|reload web",
		"start web|spawned web 1|pause web",
		"start web|spawned web 1|post web SIGUSR1 from 812",
		"start web|spawned web 1|exited web code 0 survivors|surveyed web 2 pid 2 (web)",
	},
	Done: {
		"+type=once|start web|spawned web 1|exited web code 0",
		"+type=once|service db requires=web|start db|spawned web 1|exited web code 0|spawned db 1",
		"+type=once|service db requires=web|start db|spawned web 1|exited web code 0|spawned db 1|stop web",
		"+type=once|service db requires=web:ready:stop|start db|spawned web 1|exited web code 0|spawned db 1|restart web",
		"+type=once|service db requires=web|start db|spawned web 1|exited web code 0|spawned db 1|remove web",
		"+type=once requires=app|service app up-after=0s|service db requires=web:ready:stop|start db|spawned app 1|spawned web 1|exited web code 0|spawned db 1|stop app|restart web",
	},
	Stopping: {
		"+requires=db|service db up-after=0s|start web|spawned db 1|spawned web 1|stop db",
		"+up-after=0s|service db requires=web|start db|spawned web 1|spawned db 1|stop web more|stop db|exited db code 0",
		"start web|spawned web 1|stop web",
		"start web|spawned web 1|restart web",
		"start web|stop web|spawned web 1|start web",
		"start web|spawned web 1|remove web",
		"start web|spawned web 1|pause web|signalled web 2|stop web",
		"start web|spawned web 1|stop web|tick|dumps-seen web 1 7 (web)",
	},
	Clearing: {
		"+requires=db|service db up-after=0s|start web|spawned db 1|spawned web 1|exited web code 1 survivors",
		"+type=once|start web|spawned web 1|exited web code 0 survivors",
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
		"+requires=db|service db up-after=0s|start web|spawned db 1|spawned web 1|exited web code 1",
		"+requires=db|service db up-after=0s delay=9s|start web|spawned db 1|spawned web 1|exited web code 1|exited db code 1|start web more",
		"+requires=db|service db up-after=0s|start web|spawned db 1|spawned web 1|exited web code 1|start web more",
		"start web|spawned web 1|exited web code 1",
		"start web|spawned web 1|exited web killed SIGSEGV dumping",
		"start web|spawn-failed web transient clone3: resource temporarily unavailable",
	},
	Failed: {
		"+requires=db policy=never|service db up-after=0s|start web|spawned db 1|spawned web 1|exited web code 1",
		"+requires=db policy=never|service db up-after=0s|start web|spawned db 1|spawned web 1|exited web code 1|start web more",
		"+requires=db policy=never|service db up-after=0s|start web|spawned db 1|spawned web 1|exited web code 1|exited db code 1|start web more",
		"start web|spawn-failed web permanent execve: no such file or directory",
		"start web|spawned web 1|exited web code 0 survivors|tick|surveyed web 0 pid 2 (web)|emptied web",
	},
	Removed: {
		"+requires=db|service db up-after=0s|remove web",
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
	Neighbour:    {"stop db", "start db", "spawned db 2", "exited db code 1", "exited db code 0", "exited app code 0"},
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
	if kind == Neighbour && !strings.Contains(way, "service "+strings.Fields(form)[1]) {
		return
	}
	s := newScript()
	for _, line := range linesOf(way) {
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
	watch(t, m)
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
}

// playWay goes a way, and then on with an event, and has somebody watch.
func playWay(t *testing.T, way, form string, watch func(*service, EventKind, State)) {
	s := newScript()
	for _, line := range append(linesOf(way), "at +1s "+form) {
		if strings.HasPrefix(line, "at ") {
			s.machine().watch = watch
		}
		if _, err := s.line(line); err != nil && line != "at +1s "+form {
			t.Fatal(err)
		}
	}
}

// linesOf is the script that goes a way.
func linesOf(way string) []string {
	lines := []string{"core-timeout 60s", "service web forward=SIGHUP:SIGHUP,SIGRTMIN:SIGRTMIN+1", "rule SIGUSR2 restart web"}
	for step := range strings.SplitSeq(way, "|") {
		settings, ofWeb := strings.CutPrefix(step, "+")
		switch {
		case step == "":
		case ofWeb:
			lines[1] += " " + settings
		case step == "tick", strings.HasPrefix(step, "service"):
			lines = append(lines, step)
		default:
			lines = append(lines, "at +1s "+step)
		}
	}
	return lines
}

// watch fails a test when a service gets from one state to another in a way of which the table
// knows nothing.
func watch(t *testing.T, m *Machine) {
	m.watch = func(s *service, kind EventKind, from State) {
		if s.State != from && !slices.Contains(table[from][kind].to, s.State) {
			t.Errorf("%v in state %v leads to %v, of which the table knows nothing", kind, from, s.State)
		}
	}
}
