package config

import (
	"fmt"
	"sort"
)

// The bounds of how often the library reads one text, and how much that is together.
const (
	maxRepairs     = 64
	maxRepairBytes = 4 * MaxFileSize
)

// readValues gives a text to the library, and returns the values and what is wrong
// with the text. The values are nil when it cannot be read.
//
// The library stops at the first thing that is wrong. But often that is just one value,
// text without quotes for the most part, or something that is there twice. Then that
// alone is taken out, with blanks so that everything else keeps its place, and the rest
// can be read and checked.
func readValues(text string, s *scanner) (map[string]any, []finding) {
	findings := repeatFindings(text, s.repeats)
	work := []byte(text)
	for _, r := range s.repeats {
		if r.all.end == 0 {
			return nil, findings
		}
		blank(work, r.all)
	}
	for i := 0; i < maxRepairs && i*len(text) <= maxRepairBytes; i++ {
		values := map[string]any{}
		err := decodeTOML(string(work), &values)
		if err == nil {
			return values, append(findings, unread(text, s)...)
		}
		f, n := syntaxFinding(text, s, err)
		if n == nil || !n.broken {
			findings = append(findings, f)
		}
		if n == nil || n.broken {
			return nil, findings
		}
		n.broken = true
		blank(work, n.val)
		work[n.val.start] = '0'
	}
	return nil, findings
}

// blank leaves line ends where they are.
func blank(text []byte, at span) {
	for i := at.start; i < at.end; i++ {
		if text[i] != '\n' {
			text[i] = ' '
		}
	}
}

// unread is what would be wrong if the library took what the scanner does not.
func unread(text string, s *scanner) []finding {
	if s.pos == len(text) {
		return nil
	}
	return []finding{{at: span{s.pos, s.pos + 1}, message: "this cannot be read as TOML"}}
}

// repeatFindings names each key that is there twice, but not what is inside of a table
// that is itself there twice.
func repeatFindings(text string, repeats []repeat) []finding {
	if len(repeats) == 0 {
		return nil
	}
	var lineEnds []int
	for i := range len(text) {
		if text[i] == '\n' {
			lineEnds = append(lineEnds, i)
		}
	}
	twice := map[*node]bool{}
	for _, r := range repeats {
		twice[r.node] = true
	}
	var findings []finding
	for _, r := range repeats {
		inside := false // of a table, and there with its header
		for n := r.node.parent; n != nil; n = n.parent {
			inside = inside || twice[n] && r.node.kind != scalar
		}
		if inside {
			continue
		}
		what := quote(r.node.name)
		if r.node.isService() {
			what = "service " + what
		}
		first := 1 + sort.SearchInts(lineEnds, r.node.key.start)
		findings = append(findings, finding{
			at: r.again, path: r.node.path(), message: what + " is defined twice",
			hint: fmt.Sprintf("the first one is in line %d", first),
		})
	}
	return findings
}
