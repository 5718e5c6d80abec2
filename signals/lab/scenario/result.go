package scenario

import (
	"fmt"
	"strings"

	"supervise/signals"
	"supervise/signals/lab/bench"
)

// Check is a step or an expectation, and how it went.
type Check struct {
	Name string `json:"name"`           // in words
	Step bool   `json:"step"`           // it was done, rather than expected
	OK   bool   `json:"ok"`             //
	Seen string `json:"seen,omitempty"` // what was seen, in words
}

// Round is one run of the program.
type Round struct {
	OK      bool    `json:"ok"`
	Error   string  `json:"error,omitempty"` // why it could not be done
	Checks  []Check `json:"checks"`
	Exit    string  `json:"exit,omitempty"` // how the program ended; empty if it was killed at the end
	Seconds float64 `json:"seconds"`
	Output  string  `json:"output"` // the end of it, if something failed
}

// Result is how a scenario went.
type Result struct {
	Name    string      `json:"scenario"`
	File    string      `json:"file"`
	Command []string    `json:"command"`
	OK      bool        `json:"ok"`
	Place   bench.Place `json:"place"`
	Seconds float64     `json:"seconds"`
	Rounds  []Round     `json:"rounds"`
}

// Checks returns the checks of all rounds as one list: what went well everywhere once, what
// failed with the first round in which it did. A round that could not be done is a check, too.
func (r *Result) Checks() (checks []Check) {
	where := map[string]int{}
	failed := map[string]int{}
	for n := range r.Rounds {
		round := &r.Rounds[n]
		list := round.Checks
		if round.Error != "" {
			list = append(list[:len(list):len(list)], Check{Name: "the scenario can be played", Seen: round.Error})
		}
		for i, c := range list {
			key := fmt.Sprint(i, c.Name)
			at, known := where[key]
			if !known {
				where[key] = len(checks)
				checks = append(checks, c)
			} else if checks[at].OK && !c.OK {
				checks[at] = c
			}
			if !c.OK {
				failed[key]++
			}
		}
	}
	if len(r.Rounds) > 1 {
		for key, n := range failed {
			checks[where[key]].Seen += fmt.Sprintf(" (%d of %d runs)", n, len(r.Rounds))
		}
	}
	return checks
}

// ended is how a program ended, behind its name or "it".
func ended(e signals.Exit) string {
	if e.Signal != 0 {
		return "was " + e.String()
	}
	return e.String()
}

// tail is the end of a program's output, for people.
func tail(text []byte) string {
	const most = 2000
	if len(text) > most {
		text = text[len(text)-most:]
	}
	return strings.ToValidUTF8(string(text), "\uFFFD")
}
