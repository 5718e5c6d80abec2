package text

import "iter"

// Cut returns the text before and after the first sep, and whether there is one.
func Cut(s string, sep byte) (before, after string, found bool) {
	for i := range len(s) {
		if s[i] == sep {
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

// CutPrefix returns s without a prefix, and whether s had it.
func CutPrefix(s, prefix string) (rest string, found bool) {
	if len(s) < len(prefix) {
		return s, false
	}
	for i := range len(prefix) {
		if s[i] != prefix[i] {
			return s, false
		}
	}
	return s[len(prefix):], true
}

// Split yields the parts between separators; a text without one is a single part.
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

// Trim returns s without white space at both ends.
func Trim(s string) string {
	for s != "" && space(s[0]) {
		s = s[1:]
	}
	for s != "" && space(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

// space is isspace(3) in the C locale.
func space(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

// Upper returns s with the letters a to z in upper case.
func Upper(s string) string {
	upper := []byte(s)
	for i, c := range upper {
		upper[i] = fold(c)
	}
	return string(upper)
}

// Equal is == in a loop of its own.
func Equal(a, b string) bool {
	rest, ok := CutPrefix(a, b)
	return ok && rest == ""
}

// Fold reports whether two texts are the same but for the case of letters.
func Fold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if fold(a[i]) != fold(b[i]) {
			return false
		}
	}
	return true
}

func fold(c byte) byte {
	if 'a' <= c && c <= 'z' {
		return c - 'a' + 'A'
	}
	return c
}

// Uint parses digits, of which there is at least one, as a number up to most. Unlike package
// strconv it makes no error, which would be allocated.
func Uint(s string, most uint64) (n uint64, ok bool) {
	for i := range len(s) {
		digit := uint64(s[i]) - '0'
		if digit > 9 || digit > most || n > (most-digit)/10 {
			return 0, false
		}
		n = n*10 + digit
	}
	return n, s != ""
}
