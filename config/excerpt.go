package config

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// An excerpt shows at most that many bytes of a line before and after the place.
const (
	bytesBefore = 64
	bytesAfter  = 80
	tabWidth    = 4
)

// excerpt returns the line that begins at lineStart in a printable form, and a line of carets
// for the place at.
func excerpt(text string, lineStart int, at span) (source, caret string) {
	from, to := max(lineStart, at.start-bytesBefore), min(len(text), at.start+bytesAfter)
	for i := 1; i < utf8.UTFMax && from > lineStart && !utf8.RuneStart(text[from]); i++ {
		from--
	}
	for i := 1; i < utf8.UTFMax && to < len(text) && !utf8.RuneStart(text[to]); i++ {
		to++
	}
	cut := to < len(text)
	if i := strings.IndexByte(text[at.start:to], '\n'); i >= 0 {
		to, cut = at.start+i, false
	}
	if strings.HasPrefix(text[to:], "\n") || strings.HasPrefix(text[to:], "\r\n") {
		cut = false
	}
	if !cut && to > lineStart && text[to-1] == '\r' {
		to--
	}
	var line strings.Builder
	column := 0
	if from > lineStart {
		line.WriteString("...")
		column = 3
	}
	before, width := column, 0
	for i, r := range text[from:max(from, to)] {
		shown, columns := show(r, column)
		line.WriteString(shown)
		column += columns
		switch i += from; {
		case i < at.start:
			before = column
		case i < at.end:
			width += columns
		}
	}
	if cut {
		line.WriteString("...")
	}
	return line.String(), strings.Repeat(" ", before) + strings.Repeat("^", max(1, width))
}

// show returns the printable form of a character, and its columns on a terminal.
func show(r rune, column int) (string, int) {
	switch {
	case r == '\t':
		n := tabWidth - column%tabWidth
		return strings.Repeat(" ", n), n
	case unicode.In(r, unicode.Mn, unicode.Me):
		return string(r), 0
	case !unicode.IsPrint(r):
		return "\uFFFD", 1 // an escape sequence or a change of direction must have no effect
	case isWide(r):
		return string(r), 2
	}
	return string(r), 1
}

// isWide reports whether a character takes two columns: Unicode's East Asian Width, W and F,
// and pictographs.
func isWide(r rune) bool {
	return r >= 0x1100 && r <= 0x115f || r >= 0x2e80 && r <= 0xa4cf || r >= 0xac00 && r <= 0xd7a3 ||
		r >= 0xf900 && r <= 0xfaff || r >= 0xfe30 && r <= 0xfe6f || r >= 0xff00 && r <= 0xff60 ||
		r >= 0xffe0 && r <= 0xffe6 || r >= 0x1f300 && r <= 0x1faff || r >= 0x20000 && r <= 0x3fffd
}

// printable replaces characters that must not reach a terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '\uFFFD'
	}, text)
}
