package scenario

import (
	"strings"
	"time"

	"supervise/internal/size"
	"supervise/signals"
	"supervise/signals/lab/bench"
)

// step reads one step.
func (r *reader) step(s *Scenario, t *table) (step Step) {
	var found []string
	for _, k := range kinds {
		if t.has(string(k)) {
			step.Kind = k
			found = append(found, string(k))
		}
	}
	known := []string{}
	switch {
	case len(found) > 1:
		t.wrong(found[1], "a step does one thing, and this one has "+strings.Join(found, " and "), "make a [[step]] of each")
		return step
	case len(found) == 0:
		for _, k := range kinds {
			known = append(known, string(k))
		}
		t.done("kind of step", "", append(known, options...)...)
		t.wrong("", "it does nothing", "give it one of "+strings.Join(known, ", "))
		return step
	}
	switch step.Kind {
	case WaitOutput, WaitSocket, WaitExit:
		known = t.wait(&step)
	case WaitTime:
		t.waitTime(&step)
	case Signal:
		known = t.signal(&step)
	case HangUp, Type:
		t.terminal(s, &step)
	case Reading:
		t.reading(&step)
	}
	t.done("key", "a step with "+string(step.Kind), append(known, string(step.Kind))...)
	return step
}

// terminal reads a step that takes a terminal.
func (t *table) terminal(s *Scenario, step *Step) {
	if step.Kind == Type {
		step.Text, _ = t.text("type")
	} else if !t.flag("hang-up") {
		t.wrong("hang-up", "only true has a meaning", "leave the step out")
	}
	if !s.Terminal {
		t.wrong(string(step.Kind), "the program has no terminal", "add terminal = true above all tables")
	}
}

// options are the keys of a step beside its kind.
var options = []string{"within", "to", "count", "value", "every"}

func (t *table) wait(step *Step) []string {
	switch step.Kind {
	case WaitOutput:
		if some := t.patterns("wait-output"); len(some) == 1 {
			step.Pattern = some[0]
		} else if len(some) > 1 {
			t.wrong("wait-output", "one pattern is waited for", "make a [[step]] of each")
		}
	case WaitSocket:
		step.Text, _ = t.text("wait-socket")
		if !strings.HasPrefix(step.Text, "/") && !strings.Contains(step.Text, ":") {
			t.wrong("wait-socket", "this is no address", `such as: "127.0.0.1:8080" or "/run/app.sock"`)
		}
	case WaitExit:
		if !t.flag("wait-exit") {
			t.wrong("wait-exit", "only true has a meaning", "leave the step out")
		}
	case WaitTime, Signal, HangUp, Type, Reading:
	}
	step.Within = defaultWithin
	if d, ok := t.duration("within", longestRun); ok {
		step.Within = d
	}
	return []string{"within"}
}

// waitTime reads a duration, or a range of them over the runs: "0ms..50ms".
func (t *table) waitTime(step *Step) {
	text, ok := t.text("wait-time")
	if !ok {
		return
	}
	from, to, isRange := strings.Cut(text, "..")
	if !isRange {
		to = from
	}
	var err1, err2 error
	step.From, err1 = time.ParseDuration(from)
	step.To, err2 = time.ParseDuration(to)
	if err1 != nil || err2 != nil || step.From < 0 || step.To < step.From || step.To > longestRun {
		t.wrong("wait-time", "this is neither a time nor a range", `such as: "200ms", or "0ms..50ms" with repeat`)
	}
}

func (t *table) signal(step *Step) []string {
	text, _ := t.text("signal")
	signal, err := signals.Parse(text)
	if err != nil {
		t.wrong("signal", "this is no signal: "+err.Error(), "such as: TERM, SIGUSR1, RTMIN+3")
	}
	step.Signal, step.Scope, step.Count = signal, bench.Main, 1
	if to, ok := t.text("to"); ok {
		step.Scope = bench.Scope(to)
		if scopes := []string{"main", "group", "tree"}; to != "main" && to != "group" && to != "tree" {
			message, hint := unknown("scope", to, scopes)
			t.wrong("to", message, hint)
		}
	}
	if n, ok := t.number("count", 1, mostSends); ok {
		step.Count = int(n)
	}
	if n, ok := t.number("value", 0, 1<<40); ok {
		value := uint64(n)
		step.Value = &value
		if step.Scope != bench.Main {
			t.wrong("value", "a value is sent to the main process only", `leave out to, or write to = "main"`)
		}
	}
	step.Every, _ = t.duration("every", time.Minute)
	return []string{"to", "count", "value", "every"}
}

// reading reads how fast the output is read: "stop", "all", "close", or a size in a second.
func (t *table) reading(step *Step) {
	text, ok := t.text("reading")
	if !ok {
		return
	}
	step.Text = text
	switch text {
	case "stop":
		step.Rate = 0
	case "all":
		step.Rate = All
	case "close":
		step.Rate = Close
	default:
		n, err := size.Parse(strings.TrimSuffix(text, "/s"))
		if err != nil || n < 1 || n > 1<<30 {
			t.wrong("reading", "this says not how fast", `write "stop", "all", "close", or a size in a second: "1KB/s"`)
		}
		step.Rate = int(n)
	}
}
