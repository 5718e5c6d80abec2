package scenario

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/BurntSushi/toml"

	"supervise/signals"
)

// The limits of what a scenario may ask for.
const (
	longestRun = 10 * time.Minute
	mostRuns   = 1000
	mostSteps  = 1000
	mostSends  = 1_000_000
)

// The defaults.
const (
	defaultTimeout = 30 * time.Second
	defaultWithin  = 10 * time.Second
)

// Parse reads a scenario. The error is an [*Error] with all mistakes.
func Parse(file string, data []byte) (*Scenario, error) {
	r := &reader{places: &places{}}
	s := &Scenario{File: file, Name: strings.TrimSuffix(filepath.Base(file), ".toml"), Timeout: defaultTimeout, Repeat: 1}
	if values := r.decode(data); values != nil {
		r.scenario(s, &table{r: r, values: values})
	}
	if len(r.problems) > 0 {
		slices.SortStableFunc(r.problems, func(a, b Problem) int { return a.Line - b.Line })
		return nil, &Error{File: file, Problems: r.problems}
	}
	return s, nil
}

// reader reads one file.
type reader struct {
	places   *places
	problems []Problem
}

func (r *reader) wrong(path, message, hint string) {
	r.problems = append(r.problems, Problem{Line: r.places.of(path), Path: path, Message: message, Hint: hint})
}

// decode returns the values of a file, or nil if they cannot be read.
func (r *reader) decode(data []byte) (values map[string]any) {
	if len(data) > mostBytes {
		r.wrong("", fmt.Sprintf("the file is larger than %d KiB", mostBytes>>10), "a scenario is short")
		return nil
	}
	if !utf8.Valid(data) {
		r.wrong("", "the file is not UTF-8", "save it in UTF-8")
		return nil
	}
	text := string(data)
	r.places = findPlaces(text)
	if r.places.limit != "" {
		r.problems = append(r.problems, Problem{Line: r.places.at, Message: r.places.limit, Hint: "no scenario needs that"})
		return nil
	}
	err := decodeTOML(text, &values)
	var syntax toml.ParseError
	switch {
	case errors.As(err, &syntax):
		r.problems = append(r.problems, Problem{Line: max(1, syntax.Position.Line), Message: "it is no TOML: " + syntax.Message, Hint: "the form of TOML is described at toml.io"})
	case err != nil:
		r.problems = append(r.problems, Problem{Line: 1, Message: "it is no TOML: " + err.Error(), Hint: "the form of TOML is described at toml.io"})
	default:
		return values
	}
	return nil
}

// decodeTOML calls the library, which panics if it finds a bug in itself.
func decodeTOML(text string, values *map[string]any) (err error) {
	defer func() {
		if failure := recover(); failure != nil {
			err = fmt.Errorf("the TOML library cannot read this file: %v", failure)
		}
	}()
	_, err = toml.Decode(text, values)
	return err
}

// scenario reads the whole.
func (r *reader) scenario(s *Scenario, t *table) {
	if name, ok := t.text("name"); ok {
		s.Name = name
	}
	s.Init, s.Terminal = t.flag("pid1"), t.flag("terminal")
	s.Block, s.Ignore = t.set("block"), t.set("ignore")
	if n, ok := t.number("pending-limit", 0, 1<<40); ok {
		limit := uint64(n)
		s.PendingLimit = &limit
	}
	if d, ok := t.duration("timeout", longestRun); ok {
		s.Timeout = d
	}
	if n, ok := t.number("repeat", 1, mostRuns); ok {
		s.Repeat = int(n)
	}
	if e, ok := t.table("environment"); ok {
		s.Environment = map[string]string{}
		for name := range e.values {
			s.Environment[name], _ = e.text(name)
			if name == "" || strings.ContainsAny(name, "=\x00") || strings.Contains(s.Environment[name], "\x00") {
				e.wrong(name, "this cannot be a variable", "a name has no = in it, and neither it nor the value a NUL")
			}
		}
	}
	steps := t.tables("step")
	if len(steps) > mostSteps {
		t.wrong("step", fmt.Sprintf("more than %d steps", mostSteps), "use count to send a signal often")
		steps = nil
	}
	for i := range steps {
		s.Steps = append(s.Steps, r.step(s, &steps[i]))
	}
	if e, ok := t.table("expect"); ok {
		r.expect(s, e)
	} else if !t.has("expect") {
		t.wrong("", "nothing is expected", `add a table [expect], such as: stopped-within = "5s"`)
	}
	t.done("key", "", "name", "pid1", "terminal", "block", "ignore", "pending-limit", "timeout", "repeat", "environment", "step", "expect")
}

// expect reads what is expected.
func (r *reader) expect(s *Scenario, t *table) {
	e := &s.Expect
	if d, ok := t.duration("stopped-within", longestRun); ok {
		e.StoppedWithin = &d
	}
	e.Exit = t.exits("exit")
	e.Reaped, e.Running = t.flag("reaped"), t.flag("running")
	e.Output, e.NoOutput = t.patterns("output"), t.patterns("no-output")
	if some := t.patterns("payloads"); len(some) > 0 {
		e.Payloads = some[0]
		if len(some) > 1 || e.Payloads.NumSubexp() != 1 {
			t.wrong("payloads", "a pattern with one group in parentheses is needed, the one that has the value", `such as: payloads = 'got (\d+)'`)
		}
		if !slices.ContainsFunc(s.Steps, func(step Step) bool { return step.Value != nil }) {
			t.wrong("payloads", "no step sends a value", "add value = 1 to a step with a signal")
		}
	}
	if text, ok := t.text("early"); ok {
		e.Early = text
		if _, err := e.early(signals.SIGTERM); err != nil || !strings.Contains(text, "{signal}") {
			t.wrong("early", "this is no pattern with {signal} in it", `such as: early = 'caught {signal}'`)
		}
		if len(s.earlySteps()) == 0 {
			t.wrong("early", "no step sends a signal before the first wait-output or wait-socket", "put one there")
		}
	}
	if e.Running && (e.StoppedWithin != nil || e.Exit != nil) {
		t.wrong("running", "it cannot be running at the end, and have ended", "leave out one of them")
	}
	if t.done("key", "expect", "stopped-within", "exit", "reaped", "running", "output", "no-output", "payloads", "early") && len(t.values) == 0 {
		t.wrong("", "nothing is expected", `such as: stopped-within = "5s"`)
	}
}

// earlySteps are the steps that send signals before the program has said that it is ready: by
// the first wait-output or wait-socket.
func (s *Scenario) earlySteps() (early []int) {
	for i := range s.Steps {
		switch s.Steps[i].Kind {
		case WaitOutput, WaitSocket:
			return early
		case Signal:
			early = append(early, i)
		case WaitTime, WaitExit, HangUp, Type, Reading:
		}
	}
	return early
}
