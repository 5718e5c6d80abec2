package lab

import (
	"slices"
	"strconv"
	"strings"

	"supervise/signals"
)

// Experiment is one question to the kernel.
type Experiment struct {
	Name    string   `json:"experiment"` // as on the command line
	Title   string   `json:"title"`      // what it is about, in one line
	Teaches string   `json:"teaches"`    // what to remember of it
	Man     string   `json:"man"`        // what the expectations rest on: the manual page and its section
	Trace   []Traced `json:"trace"`      // what a trace of all signals shows of it, beside others
	run     func(*stage)
}

// Traced is a number of signals that became the same in the end, in the words of package
// trace. What sigtimedwait(2) has taken, some backends see as discarded.
type Traced struct {
	Signal  signals.Signal `json:"signal"`
	Verdict string         `json:"verdict"`
	Count   int            `json:"count"`
}

// String returns it in words: "SIGUSR1 coalesced", "2 SIGUSR1 coalesced".
func (t Traced) String() string {
	text := t.Signal.String() + " " + t.Verdict
	if t.Count != 1 {
		text = strconv.Itoa(t.Count) + " " + text
	}
	return text
}

// experiments are in the order in which they are told.
var experiments = []*Experiment{
	&coalescing,
	&realTime,
	&overflow,
	&accounting,
	&overFork,
	&overExec,
	&resume,
	&whileStopped,
	&namespaceInit,
	&children,
	&sigPipe,
	&parentDeath,
	&permission,
	&cores,
	&delivery,
	&nested,
	&restart,
	&stopInterrupts,
	&terminal,
	&freeze,
}

// Experiments returns all experiments.
func Experiments() []*Experiment { return slices.Clone(experiments) }

// Find returns the experiment of a name, or nil.
func Find(name string) *Experiment {
	for _, e := range experiments {
		if e.Name == name {
			return e
		}
	}
	return nil
}

// Verdict is the result of an experiment.
type Verdict uint8

// The verdicts.
const (
	OK         Verdict = iota
	Differs            // something was not as the manual page says
	Impossible         // this machine, or this user, cannot make the experiment
)

var verdicts = [...]string{"ok", "differs", "not possible here"}

// String returns the verdict in words.
func (v Verdict) String() string { return verdicts[v] }

// MarshalText returns the verdict in words.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// Step is one thing that was done or seen.
type Step struct {
	Text     string `json:"text"`
	Seen     string `json:"seen,omitempty"`     // empty if something was only done
	Expected string `json:"expected,omitempty"` // what should have been seen
}

// OK reports whether what was seen is what was expected.
func (s *Step) OK() bool { return s.Seen == s.Expected }

// Result is how an experiment went.
type Result struct {
	Name    string   `json:"experiment"`
	Title   string   `json:"title"`
	Verdict Verdict  `json:"verdict"`
	Why     string   `json:"why,omitempty"` // it differs, or is not possible
	Steps   []Step   `json:"steps"`
	Teaches string   `json:"teaches"`
	Man     string   `json:"man"`
	Trace   []Traced `json:"trace"`
}

// judge completes a result from its steps.
func (r *Result) judge() {
	var differ []string
	for i := range r.Steps {
		if s := &r.Steps[i]; !s.OK() {
			differ = append(differ, s.Text+": "+s.Seen+", not "+s.Expected)
		}
	}
	if len(differ) > 0 {
		r.Verdict, r.Why = Differs, strings.Join(differ, "; ")
	}
}
