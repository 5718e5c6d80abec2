// Package text has the few functions of package strings that the start of supervise init
// needs, for ASCII. Package strings itself needs package unicode, whose tables are set up
// before main, and sorts behind the packages that init wants to be started before: see
// cmd/supervise/first.
package text

import "iter"

// Cut returns what stands before and after the first sep, and whether there is one.
func Cut(s string, sep byte) (before, after string, found bool) {
	for i := range len(s) {
		if s[i] == sep {
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

// CutPrefix returns s without a prefix, and whether it had it.
func CutPrefix(s, prefix string) (rest string, found bool) {
	if len(s) < len(prefix) || s[:len(prefix)] != prefix {
		return s, false
	}
	return s[len(prefix):], true
}

// Split yields the parts between the separators; a text without one is one part.
func Split(s string, sep byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		for {
			part, rest, found := Cut(s, sep)
			if !yield(part) || !found {
				return
			}
			s = rest
		}
	}
}

// Trim returns s without blanks and control characters at both ends.
func Trim(s string) string {
	for s != "" && s[0] <= ' ' {
		s = s[1:]
	}
	for s != "" && s[len(s)-1] <= ' ' {
		s = s[:len(s)-1]
	}
	return s
}

// Upper returns s with the letters a to z in upper case.
func Upper(s string) string {
	upper := []byte(s)
	for i, c := range upper {
		if 'a' <= c && c <= 'z' {
			upper[i] = c - 'a' + 'A'
		}
	}
	return string(upper)
}
