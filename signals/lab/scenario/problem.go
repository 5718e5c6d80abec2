package scenario

import (
	"fmt"
	"strings"

	"supervise/internal/guess"
)

// Error is everything that is wrong with a scenario.
type Error struct {
	File     string    `json:"file"`
	Problems []Problem `json:"problems"` // never empty
}

// Problem is one mistake.
type Problem struct {
	Line    int    `json:"line"` // from 1
	Path    string `json:"path"` // step[1].signal, steps counted from 1; "" for the whole file
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

// Error returns the problems, one a line: stop.toml:12: step[2].signal: ...
func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		var text strings.Builder
		fmt.Fprintf(&text, "%s:%d: ", e.File, p.Line)
		if p.Path != "" {
			text.WriteString(p.Path + ": ")
		}
		text.WriteString(p.Message)
		if p.Hint != "" {
			text.WriteString("; " + p.Hint)
		}
		lines[i] = text.String()
	}
	return strings.Join(lines, "\n")
}

// unknown is the message for a word that is not one of those known.
func unknown(what, word string, known []string) (message, hint string) {
	e := guess.Unknown(what, word, known)
	return e.Message, e.Hint
}
