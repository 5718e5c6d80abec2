package config

import (
	"fmt"
	"sort"
)

// How often the library may read one text, and how many bytes in total.
const (
	maxRepairs     = 64
	maxRepairBytes = 4 * MaxFileSize
)

// readValues passes a text to the library, and returns the values and the problems of the
// text. The values are nil if it cannot be read.
//
// The library stops at the first problem. Often that is only one value, usually text without
// quotes, or a duplicate. Then that alone is replaced by blanks, so that everything else
// keeps its position, and the rest can be read and checked.
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

// blank keeps line ends.
func blank(text []byte, at span) {
	for i := at.start; i < at.end; i++ {
		if text[i] != '\n' {
			text[i] = ' '
		}
	}
}

// unread is the problem if the library accepts text that the scanner does not.
func unread(text string, s *scanner) []finding {
	if s.pos == len(text) {
		return nil
	}
	return []finding{{at: span{s.pos, s.pos + 1}, message: "this cannot be read as TOML"}}
}

// repeatFindings reports each duplicate key, but nothing inside a table that is itself a
// duplicate.
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
		inside := false // of a table that is a duplicate
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
