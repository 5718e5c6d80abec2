package calls

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"supervise/config"
	"supervise/signals"
	"supervise/supervisor/control/request"
	"supervise/supervisor/machine"
)

// product is what comes of each condition in each state, for a service that was running
// before: the outcome's result, a dash before it where it is a failure, or "..." while it is
// waited for. Conditions that want a report have it.
var product = map[Condition]string{
	//          stopped  waiting  starting running  done     stopping clearing backoff  failed   removed
	Up:        "...      ...      ...      up       done     ...      ...      ...      ...      -removed",
	Ready:     "...      ...      ...      up       done     ...      ...      ...      ...      -removed",
	Down:      "down     ...      ...      ...      down     ...      ...      ...      down     down",
	Started:   "-down    ...      ...      up       done     ...      ...      -backoff -failed  -removed",
	Stopped:   "down     ...      ...      ...      ...      ...      ...      ...      ...      down",
	Restarted: "-down    ...      ...      ...      ...      ...      ...      -backoff -failed  -removed",
	Reported:  "...      ...      ...      ...      ...      ...      ...      ...      ...      -removed",
	Paused:    "paused   paused   paused   paused   paused   paused   paused   paused   paused   -removed",
	Continued: "up       up       up       up       up       up       up       up       up       -removed",
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
			if got := result(l.pending().check(c, &w.targets[0], 0)); got != row[state] {
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
		if outcome, known := l.pending().check(c, &target{}, 0); !known || outcome.OK || !strings.Contains(outcome.Text, "no state 10") {
			t.Errorf("condition %d in an unknown state: %+v, %v", c, outcome, known)
		}
	}
	if outcome, known := l.pending().check(numConditions, &target{}, 0); !known || outcome.OK || !strings.Contains(outcome.Text, "no condition") {
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
	waits        = machine.View{State: machine.Waiting, Gen: 1, Wanted: machine.Up, Awaits: `"db"`}
	waitsInVain  = machine.View{State: machine.Waiting, Gen: 1, Wanted: machine.Up, Awaits: `"db" (failed)`, Stuck: true}
	worksOn      = machine.View{State: machine.Running, Type: config.Once, Gen: 1, PID: 812, Wanted: machine.Up}
	isDoneNow    = machine.View{State: machine.Done, Type: config.Once, Gen: 1, Wanted: machine.Up, Exited: true}
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
		"start what waits":            {Started, wasDown, is{view: waits}, 0, ""},
		"start what waits in vain":    {Started, wasDown, is{view: waitsInVain}, 0, `-waiting: waits for "db" (failed)`},
		"start what works once":       {Started, wasDown, is{view: worksOn}, 0, ""},
		"start what has worked once":  {Started, wasDown, is{view: isDoneNow}, 0, "done: has done its work"},
		"wait for what works once":    {Up, wasDown, is{view: worksOn}, 0, ""},
		"stop":                        {Stopped, wasRunning, is{view: exited}, 0, "down: is down: exited with code 3"},
		"stop what is down":           {Stopped, wasDown, is{view: wasDown}, 0, "down: was down already"},
		"stop what has failed":        {Stopped, wasFailed, is{view: exited}, 0, "down: is down"},
		"stop, not yet":               {Stopped, wasRunning, is{view: notStopping}, 0, ""},
		"stop, and somebody starts":   {Stopped, wasRunning, is{view: startsAgain}, 0, "-starting: was started again in the meantime"},
		"restart":                     {Restarted, wasRunning, is{view: runsAgain}, 0, "up: is up, pid 813"},
		"restart, not yet":            {Restarted, wasRunning, is{view: stillRunning}, 0, ""},
		"restart what fails":          {Restarted, wasRunning, is{view: wasFailed, lastOutcome: "given up"}, 0, "-failed: is failed: given up"},
		"restart, and somebody stops": {Restarted, wasRunning, is{view: exited}, 0, "-down: is down: start asked for; stop asked for"},
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
		outcome, known := l.pending().check(test.condition, &target{before: test.before, sent: test.sent > 0, count: test.sent}, 0)
		got := ""
		if known {
			got = result(outcome, known) + ": " + outcome.Text
		}
		if got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// TestUpForAMoment has what only just runs not be up yet, and what ends within the moment be
// told, with its last lines once these are read.
func TestUpForAMoment(t *testing.T) {
	const moment = 250 * time.Millisecond
	running := func(gen machine.Gen, since time.Duration) machine.View {
		return machine.View{State: machine.Running, Gen: gen, PID: 812, Wanted: machine.Up, Since: since}
	}
	for name, test := range map[string]struct {
		condition Condition
		before    machine.View
		now       machine.View
		unread    bool
		want      string // "" while it is waited for
		upAt      time.Duration
	}{
		"start, a moment ago":              {Started, wasDown, running(1, 900*time.Millisecond), false, "", 1150 * time.Millisecond},
		"start":                            {Started, wasDown, running(1, 750*time.Millisecond), false, "up: is up, pid 812", 0},
		"start what has just been started": {Started, running(3, 990*time.Millisecond), running(3, 990*time.Millisecond), false, "", 1240 * time.Millisecond},
		"start what has always run":        {Started, running(3, 0), running(3, 0), false, "up: was up already, pid 812", 0},
		"start what ends":                  {Started, wasDown, backoff, false, "-backoff: is backoff: why [bye]", 0},
		"start what ends, still writing":   {Started, wasDown, backoff, true, "", 0},
		"start what loops":                 {Started, wasDown, running(7, time.Second), false, "-restarted: does not stay up: why [bye]", 0},
		"start what loops as it is asked":  {Started, running(7, 990*time.Millisecond), running(8, time.Second), false, "-restarted: does not stay up: why [bye]", 0},
		"start what is about to start":     {Started, machine.View{State: machine.Starting, Gen: 2}, running(2, 750*time.Millisecond), false, "up: is up, pid 812", 0},
		"restart, a moment ago":            {Restarted, running(1, 0), running(2, 900*time.Millisecond), false, "", 1150 * time.Millisecond},
		"restart":                          {Restarted, running(1, 0), running(2, 700*time.Millisecond), false, "up: is up, pid 812", 0},
		"restart what loops":               {Restarted, running(1, 0), running(3, 0), false, "-restarted: does not stay up: why [bye]", 0},
		"restart what does its work":       {Restarted, running(1, 0), machine.View{State: machine.Stopped, Gen: 2}, false, "ended: has ended: exited with code 0", 0},
		"wait for up, a moment ago":        {Up, wasDown, running(4, time.Second), false, "", 1250 * time.Millisecond},
		"wait for up":                      {Up, wasDown, running(4, 0), false, "up: is up", 0},
		"wait for ready, a moment ago":     {Ready, wasDown, running(4, time.Second), false, "", 1250 * time.Millisecond},
		"wait for up in a loop":            {Up, wasDown, backoff, false, "", 0},
	} {
		l := newFakeLoop("web")
		l.all[0] = &fakeService{name: "web", view: test.now, upAfter: moment, lastOutcome: "why", lines: []string{"bye"}, unread: test.unread}
		tested := &target{before: test.before}
		outcome, known := l.pending().check(test.condition, tested, time.Second)
		got := ""
		if known {
			got = result(outcome, known) + ": " + outcome.Text
			if outcome.Lines != nil {
				got += fmt.Sprint(" ", outcome.Lines)
			}
		}
		if got != test.want || tested.upAt != test.upAt {
			t.Errorf("%s: %q, up at %v, want %q, %v", name, got, tested.upAt, test.want, test.upAt)
		}
	}
}

// TestUpInTime has a call be answered when the moment is over: the loop is woken for that.
func TestUpInTime(t *testing.T) {
	l := newFakeLoop("web")
	l.all[0].upAfter = 250 * time.Millisecond
	p := l.pending()
	call := &fakeCall{t: t}
	p.Await(call, Started, 0).Add(0, 1)
	l.all[0].view = machine.View{State: machine.Running, Gen: 1, PID: 812, Since: time.Second}
	p.Publish(time.Second)
	if at, ok := p.NextTimeout(); !ok || at != 1250*time.Millisecond || call.reply != nil {
		t.Fatalf("woken at %v, %v, and answered %+v", at, ok, call.reply)
	}
	p.Publish(1250*time.Millisecond - 1)
	if call.reply != nil {
		t.Fatalf("answered too early: %+v", call.reply)
	}
	p.Publish(1250 * time.Millisecond)
	if call.reply == nil || !call.reply.Outcomes[0].OK {
		t.Errorf("answered %+v", call.reply)
	}
	if at, ok := p.NextTimeout(); ok {
		t.Errorf("woken at %v for nothing", at)
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
