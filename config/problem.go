package config

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Error is everything that is wrong with a configuration file, in the order of its lines. Its
// fields are for other ways to print it.
type Error struct {
	File     string    `json:"file"`
	Problems []Problem `json:"problems"` // never empty
}

// Error returns all problems in plain text, each with its line and a caret under the place,
// without a final line end.
func (e *Error) Error() string {
	texts := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		texts[i] = p.Text(e.File)
	}
	return strings.Join(texts, "\n")
}

// Problem is one thing that is wrong at one place of a file.
type Problem struct {
	Line    int    `json:"line"`           // from 1
	Column  int    `json:"column"`         // in characters, not bytes, from 1
	Path    string `json:"path"`           // service.web.stop.ladder[1].signal; "" for the whole file or its syntax
	Message string `json:"message"`        // lower case, one line
	Hint    string `json:"hint,omitempty"` // what to write instead, if known

	// Source is the line in printable form: tabs expanded, unprintable characters replaced, a
	// long one cut at both ends. Caret has as many blanks as there are columns before the
	// place in Source, and then its width in ^ characters.
	Source string `json:"source"`
	Caret  string `json:"caret"`
}

// Text returns the problem in two to four lines, without a final line end:
//
//	services.toml:12:1: unknown key "comand" in [service.web]
//	   12 | comand = ["nginx"]
//	      | ^^^^^^
//	      = did you mean "command"?
func (p Problem) Text(file string) string {
	var b strings.Builder
	b.WriteString(printable(file) + ":" + strconv.Itoa(p.Line) + ":" + strconv.Itoa(p.Column) + ": " + p.Message)
	line := strconv.Itoa(p.Line)
	blank := strings.Repeat(" ", max(5, len(line)))
	if strings.TrimSpace(p.Source) != "" {
		b.WriteString("\n" + blank[len(line):] + line + " | " + p.Source)
		b.WriteString("\n" + blank + " | " + p.Caret)
	}
	if p.Hint != "" {
		b.WriteString("\n" + blank + " = " + p.Hint)
	}
	return b.String()
}

// finding is a problem whose line and column have not been counted yet.
type finding struct {
	at            span
	path          string
	message, hint string
}

// locate sorts findings by position, and counts lines and columns in one pass through the
// text, so that many on one long line do not take quadratic time.
func locate(text string, findings []finding) []Problem {
	slices.SortStableFunc(findings, func(a, b finding) int { return cmp.Compare(a.at.start, b.at.start) })
	problems := make([]Problem, 0, len(findings))
	line, lineStart, column, counted := 1, 0, 1, 0
	for _, f := range findings {
		start := min(max(f.at.start, 0), len(text))
		if n := strings.Count(text[counted:start], "\n"); n > 0 {
			line += n
			lineStart = strings.LastIndexByte(text[:start], '\n') + 1
			column, counted = 1, lineStart
		}
		column += utf8.RuneCountInString(text[counted:start])
		counted = start
		source, caret := excerpt(text, lineStart, span{start, max(start, min(f.at.end, len(text)))})
		problems = append(problems, Problem{
			Line: line, Column: column, Path: f.path,
			Message: f.message, Hint: f.hint, Source: source, Caret: caret,
		})
	}
	return problems
}
