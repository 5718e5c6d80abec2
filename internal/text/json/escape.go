package json

import (
	"strconv"
	"unicode/utf8"
)

// The short escapes, RFC 8259, section 7: the letter behind the backslash, and at the same
// place what it stands for.
const (
	escapeLetters = `"\/bfnrt`
	escapedBytes  = "\"\\/\b\f\n\r\t"
)

// unescape replaces the escapes of a text; failed is true if there is one that JSON does not have.
func unescape(text string) (plain string, failed bool) {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			out = append(out, text[i])
			continue
		}
		i++
		if i < len(text) && text[i] == 'u' {
			r, length := codePoint(text[i-1:])
			if length == 0 {
				return "", true
			}
			out = utf8.AppendRune(out, r)
			i += length - 2 // the loop, and the backslash
			continue
		}
		c, ok := escaped(text[i:])
		if !ok {
			return "", true
		}
		out = append(out, c)
	}
	return string(out), false
}

// escaped returns what the first letter of rest stands for behind a backslash.
func escaped(rest string) (c byte, ok bool) {
	for i := range len(escapeLetters) {
		if rest != "" && rest[0] == escapeLetters[i] {
			return escapedBytes[i], true
		}
	}
	return 0, false
}

// codePoint reads one \uXXXX, or two that are a surrogate pair, at the beginning of a text.
// The length is in bytes, 0 if there is none. Half a pair becomes U+FFFD.
func codePoint(text string) (r rune, length int) {
	const one, two = len(`\uXXXX`), len(`\uXXXX\uXXXX`)
	high, ok := codeUnit(text)
	if !ok {
		return 0, 0
	}
	if high < 0xd800 || high > 0xdfff {
		return high, one
	}
	if low, ok := codeUnit(text[one:]); ok && high < 0xdc00 && low >= 0xdc00 && low <= 0xdfff {
		return 0x10000 + (high-0xd800)<<10 + (low - 0xdc00), two
	}
	return utf8.RuneError, one
}

// codeUnit reads \uXXXX at the beginning of a text.
func codeUnit(text string) (unit rune, ok bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(text[2:6], 16, 16)
	return rune(n), err == nil
}
