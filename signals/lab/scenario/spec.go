package scenario

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"supervise/signals"
	"supervise/signals/lab/bench"
)

// Scenario is what is done to a program, and what is expected of it.
type Scenario struct {
	File string
	Name string // for people; the file's without .toml if it has none

	Init          bool // pid1
	Terminal      bool
	Block, Ignore signals.Set
	PendingLimit  *uint64
	Environment   map[string]string
	Timeout       time.Duration // for one run
	Repeat        int           // how many runs

	Steps  []Step
	Expect Expect
}

// Kind is what a step does.
type Kind string

// The kinds: the key that makes a step.
const (
	WaitOutput Kind = "wait-output"
	WaitSocket Kind = "wait-socket"
	WaitTime   Kind = "wait-time"
	WaitExit   Kind = "wait-exit"
	Signal     Kind = "signal"
	HangUp     Kind = "hang-up"
	Type       Kind = "type"
	Reading    Kind = "reading"
)

var kinds = []Kind{WaitOutput, WaitSocket, WaitTime, WaitExit, Signal, HangUp, Type, Reading}

// Step is one step.
type Step struct {
	Kind   Kind
	Within time.Duration // of a wait

	Pattern  *Pattern      `json:",omitempty"` // of wait-output
	Text     string        // of wait-socket, type, and reading as it is written
	From, To time.Duration // of wait-time: the same, unless it is a range over the runs

	Signal signals.Signal `json:",omitzero"`
	Scope  bench.Scope
	Count  int
	Value  *uint64 // that of the first; each further one is one more
	Every  time.Duration

	Rate int // of reading: bytes a second, or one of the following
}

// The rates that are no numbers of bytes.
const (
	All   = -1
	Close = -2
)

// Expect is what is expected. What is not named does not matter.
type Expect struct {
	StoppedWithin *time.Duration
	Exit          []signals.Exit // one of these
	Reaped        bool
	Running       bool
	Output        []*Pattern
	NoOutput      []*Pattern
	Payloads      *Pattern
	Early         string // a pattern in which {signal} stands for the name of a signal
}

// Pattern is a regular expression that survives JSON.
type Pattern struct{ *regexp.Regexp }

// MarshalText returns the expression.
func (p *Pattern) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText compiles an expression, in which ^ and $ are those of a line.
func (p *Pattern) UnmarshalText(text []byte) error {
	compiled, err := compile(string(text))
	if err == nil {
		*p = *compiled
	}
	return err
}

const lines = "(?m)" // ^ and $ match at line ends

func compile(text string) (*Pattern, error) {
	re, err := regexp.Compile(lines + strings.TrimPrefix(text, lines))
	if err != nil {
		return nil, err
	}
	return &Pattern{re}, nil
}

// Written returns the expression as it stands in the file.
func (p *Pattern) Written() string { return strings.TrimPrefix(p.String(), lines) }

// early returns the pattern for one signal: its name may have SIG before it, or not.
func (e *Expect) early(s signals.Signal) (*Pattern, error) {
	name := "(?:SIG)?" + regexp.QuoteMeta(strings.TrimPrefix(s.String(), "SIG"))
	return compile(strings.ReplaceAll(e.Early, "{signal}", name))
}

// String returns the step in words.
func (s *Step) String() string {
	switch s.Kind {
	case WaitOutput:
		return "wait for output " + s.Pattern.Written()
	case WaitSocket:
		return "wait for socket " + s.Text
	case WaitTime:
		if s.From != s.To {
			return fmt.Sprintf("wait %s to %s", s.From, s.To)
		}
		return "wait " + s.From.String()
	case WaitExit:
		return "wait for its end"
	case HangUp:
		return "hang up the terminal"
	case Type:
		return fmt.Sprintf("type %q", s.Text)
	case Reading:
		return "reading of its output: " + s.Text
	case Signal:
	}
	text := "send "
	if s.Count > 1 {
		text += fmt.Sprintf("%d ", s.Count)
	}
	text += s.Signal.String()
	if s.Value != nil {
		text += fmt.Sprintf(" with value %d", *s.Value)
		if s.Count > 1 {
			text += fmt.Sprintf(" to %d", *s.Value+uint64(s.Count)-1)
		}
	}
	if s.Scope != bench.Main {
		text += " to its " + string(s.Scope)
	}
	return text
}
