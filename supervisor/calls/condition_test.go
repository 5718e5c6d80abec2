package calls

import (
	"strings"
	"testing"

	"supervise/signals"
	"supervise/supervisor/control/request"
	"supervise/supervisor/machine"
)

// product is what comes of each condition in each state, for a service that was running
// before: the outcome's result, a dash before it where it is a failure, or "..." while it is
// waited for. Conditions that want a report have it.
var product = map[Condition]string{
	//          stopped  starting running  stopping  clearing backoff   failed    removed
	Up:        "...      ...      up       ...       ...      ...       ...      -removed",
	Ready:     "...      ...      up       ...       ...      ...       ...      -removed",
	Down:      "down     ...      ...      ...       ...      ...       down      down",
	Started:   "-down    ...      up       ...       ...      -backoff  -failed  -removed",
	Stopped:   "down     ...      ...      ...       ...      ...       ...       down",
	Restarted: "-stopped ...      ...      ...       ...      -backoff  -failed  -removed",
	Reported:  "...      ...      ...      ...       ...      ...       ...      -removed",
	Paused:    "paused   paused   paused   paused    paused   paused    paused   -removed",
	Continued: "up       up       up       up        up       up        up       -removed",
}

func result(outcome request.Outcome, known bool) string {
	switch {
	case !known:
		return "..."
	case outcome.OK:
		return outcome.Result
	}
	return "-" + outcome.Result
}

func TestEveryConditionInEveryState(t *testing.T) {
	for c := range Condition(numConditions) {
		row := strings.Fields(product[c])
		for state := machine.Stopped; state <= machine.Removed; state++ {
			l := newFakeLoop("web")
			l.all[0].view = machine.View{State: machine.Running, Gen: 1, PID: 812}
			w := l.pending().Await(&fakeCall{t: t}, c, 0)
			w.Add(0, 1)
			w.targets[0].sent = true
			l.all[0].view.State = state
			l.all[0].stopped = c == Paused
			if got := result(l.pending().check(c, &w.targets[0])); got != row[state] {
				t.Errorf("condition %d, %v: %s, want %s", c, state, got, row[state])
			}
		}
	}
}

// TestUnknown has what cannot be be answered, so that nobody waits for it for ever.
func TestUnknown(t *testing.T) {
	l := newFakeLoop("web")
	l.all[0].view.State = machine.Removed + 1
	for c := range Condition(numConditions) {
		if c == Reported || c == Paused || c == Continued {
			continue // they do not go by the state, and take PromptTime at the most
		}
		if outcome, known := l.pending().check(c, &target{}); !known || outcome.OK || !strings.Contains(outcome.Text, "no state 8") {
			t.Errorf("condition %d in an unknown state: %+v, %v", c, outcome, known)
		}
	}
	if outcome, known := l.pending().check(numConditions, &target{}); !known || outcome.OK || !strings.Contains(outcome.Text, "no condition") {
		t.Errorf("an unknown condition: %+v, %v", outcome, known)
	}
}

// The views of the service of the table below.
var (
	wasDown    = machine.View{State: machine.Stopped}
	wasRunning = machine.View{State: machine.Running, Gen: 1, PID: 812, Wanted: machine.Up}
	wasFailed  = machine.View{State: machine.Failed, Gen: 1, Wanted: machine.Up}

	stillRunning = wasRunning
	runsAgain    = machine.View{State: machine.Running, Gen: 2, PID: 813, Wanted: machine.Up}
	startsAgain  = machine.View{State: machine.Starting, Gen: 2, Wanted: machine.Up}
	exited       = machine.View{State: machine.Stopped, Gen: 1, Exited: true, Exit: signals.Exit{Code: 3}}
	backoff      = machine.View{State: machine.Backoff, Gen: 1, Wanted: machine.Up}
	notStopping  = machine.View{State: machine.Backoff, Gen: 1}
)

func TestOutcomes(t *testing.T) {
	type is = fakeService
	for name, test := range map[string]struct {
		condition Condition
		before    machine.View
		now       is
		sent      int
		want      string // "" while it is waited for
	}{
		"start":                       {Started, wasDown, is{view: wasRunning}, 0, "up: is up, pid 812"},
		"start what runs":             {Started, wasRunning, is{view: stillRunning}, 0, "up: was up already, pid 812"},
		"start what is paused":        {Started, wasRunning, is{view: stillRunning, paused: true}, 0, "up: was up already, pid 812, and is paused"},
		"start what ends":             {Started, wasDown, is{view: exited}, 0, "ended: has ended: exited with code 3"},
		"start what cannot start":     {Started, wasDown, is{view: backoff, lastOutcome: "cannot spawn: no such file"}, 0, "-backoff: is backoff: cannot spawn: no such file"},
		"start, and somebody stops":   {Started, wasDown, is{view: wasDown}, 0, "-down: is down: start asked for; stop asked for"},
		"stop":                        {Stopped, wasRunning, is{view: exited}, 0, "down: is down: exited with code 3"},
		"stop what is down":           {Stopped, wasDown, is{view: wasDown}, 0, "down: was down already"},
		"stop what has failed":        {Stopped, wasFailed, is{view: exited}, 0, "down: is down"},
		"stop, not yet":               {Stopped, wasRunning, is{view: notStopping}, 0, ""},
		"stop, and somebody starts":   {Stopped, wasRunning, is{view: startsAgain}, 0, "-starting: was started again in the meantime"},
		"restart":                     {Restarted, wasRunning, is{view: runsAgain}, 0, "up: is up, pid 813"},
		"restart, not yet":            {Restarted, wasRunning, is{view: stillRunning}, 0, ""},
		"restart what fails":          {Restarted, wasRunning, is{view: wasFailed, lastOutcome: "given up"}, 0, "-failed: is failed: given up"},
		"restart, and somebody stops": {Restarted, wasRunning, is{view: exited}, 0, "-stopped: is stopped: start asked for; stop asked for"},
		"pause":                       {Paused, wasRunning, is{view: stillRunning, stopped: true}, 2, "paused: is paused: 2 processes stopped"},
		"pause one":                   {Paused, wasRunning, is{view: stillRunning, stopped: true}, 1, "paused: is paused: 1 process stopped"},
		"pause, not yet":              {Paused, wasRunning, is{view: stillRunning}, 2, ""},
		"pause, without a report":     {Paused, wasRunning, is{view: stillRunning, stopped: true}, 0, ""},
		"pause what ends":             {Paused, wasRunning, is{view: exited}, 1, "-down: has ended"},
		"continue":                    {Continued, wasRunning, is{view: stillRunning}, 1, "up: goes on"},
		"continue, not yet":           {Continued, wasRunning, is{view: stillRunning, stopped: true}, 1, ""},
		"wait for ready, and paused":  {Ready, wasRunning, is{view: stillRunning, stopped: true}, 0, ""},
		"wait for up, and paused":     {Up, wasRunning, is{view: stillRunning, stopped: true}, 0, "up: is up"},
	} {
		l := newFakeLoop("web")
		l.happens("web", "before")
		l.happens("web", "start asked for")
		l.happens("web", "stop asked for") // the last two say why
		test.now.name, l.all[0] = "web", &test.now
		outcome, known := l.pending().check(test.condition, &target{before: test.before, sent: test.sent > 0, count: test.sent})
		got := ""
		if known {
			got = result(outcome, known) + ": " + outcome.Text
		}
		if got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestConditionFor(t *testing.T) {
	for asked, want := range map[request.Condition]Condition{request.Up: Up, request.Ready: Ready, request.Down: Down} {
		if got, ok := conditionFor(asked); !ok || got != want {
			t.Errorf("%s is %d, %v", asked, got, ok)
		}
	}
	if _, ok := conditionFor("sideways"); ok {
		t.Error("there is no condition sideways")
	}
}
