package text

import (
	"iter"
	"strconv"
)

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

// EqualFold reports whether two texts of ASCII differ in case at most.
func EqualFold(a, b string) bool {
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

// HasPrefix reports whether s begins with a prefix.
func HasPrefix(s, prefix string) bool {
	_, found := CutPrefix(s, prefix)
	return found
}

// CutSuffix returns s without a suffix, and whether s had it.
func CutSuffix(s, suffix string) (rest string, found bool) {
	if n := len(s) - len(suffix); n >= 0 && s[n:] == suffix {
		return s[:n], true
	}
	return s, false
}

// Index returns where part first stands in s, -1 if it does not.
func Index(s, part string) int {
	for i := 0; i+len(part) <= len(s); i++ {
		if s[i:i+len(part)] == part {
			return i
		}
	}
	return -1
}

// Contains reports whether part stands in s.
func Contains(s, part string) bool { return Index(s, part) >= 0 }

// IndexAny returns where the first of these ASCII characters stands in s, -1 if none does.
func IndexAny(s, chars string) int {
	for i := range len(s) {
		if IndexByte(chars, s[i]) >= 0 {
			return i
		}
	}
	return -1
}

// IndexByte returns where c first stands in s, -1 if it does not.
func IndexByte(s string, c byte) int {
	for i := range len(s) {
		if s[i] == c {
			return i
		}
	}
	return -1
}

// LastIndexByte returns where c last stands in s, -1 if it does not.
func LastIndexByte(s string, c byte) int {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] == c {
			return i
		}
	}
	return -1
}

// TrimRight returns s without the characters c at its end.
func TrimRight(s string, c byte) string {
	for s != "" && s[len(s)-1] == c {
		s = s[:len(s)-1]
	}
	return s
}

// Join returns the parts with sep between them.
func Join(parts []string, sep string) string {
	var b []byte
	for i, part := range parts {
		if i > 0 {
			b = append(b, sep...)
		}
		b = append(b, part...)
	}
	return string(b)
}

// Hex returns the bytes as hexadecimal digits.
func Hex(b []byte) string {
	const digits = "0123456789abcdef"
	text := make([]byte, 0, 2*len(b))
	for _, c := range b {
		text = append(text, digits[c>>4], digits[c&15])
	}
	return string(text)
}

// Number returns a number in hexadecimal after 0x, as %#x of package fmt does.
func Number(n uint64) string { return "0x" + strconv.FormatUint(n, 16) }
