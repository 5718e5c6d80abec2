package escape

import (
	"strconv"
	"unicode/utf8"
	"unsafe"
)

// passing is what may pass beside printable text.
type passing uint8

const (
	tabs       passing = 1 << iota
	newlines           //
	renditions         // SGR, ECMA-48: ESC [ ... m
)

// Line returns a text as part of one line: line ends and tabs are escaped too.
func Line(text string) string { return whole(text, 0) }

// Lines returns a text of several lines: line ends and tabs pass.
func Lines(text string) string { return whole(text, tabs|newlines) }

// Name returns a name as part of a list, in quotes if it could be taken for more than that:
// if it has a comma, a semicolon, brackets or quotes.
func Name(name string) string {
	shown := Line(name)
	if delimits(shown) {
		return strconv.Quote(shown)
	}
	return shown
}

// Plain reports whether a text is printable ASCII, so that [Line] returns it as it is.
func Plain(text string) bool { return clean(text) }

// PlainName reports whether [Name], too, returns a name as it is.
func PlainName(name string) bool { return clean(name) && !delimits(name) }

func delimits(name string) bool {
	for i := range len(name) {
		switch name[i] {
		case ',', ';', '(', ')', '"', '\\':
			return true
		}
	}
	return false
}

// AppendOutput appends one line that a program has written, without its line end. Tabs and
// colours pass; these are reset at the end. A carriage return at the end, from a program
// that ends lines with both, is removed.
func AppendOutput(dst, line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	dst, styled := appendText(dst, line, tabs|renditions)
	if styled {
		dst = append(dst, "\x1b[0m"...)
	}
	return dst
}

// AppendScreen appends lines that may have colours of our own.
func AppendScreen(dst, text []byte) []byte {
	dst, _ = appendText(dst, text, tabs|newlines|renditions)
	return dst
}

// AppendLine appends what [Line] returns.
func AppendLine(dst []byte, text string) []byte {
	dst, _ = appendText(dst, bytesOf(text), 0)
	return dst
}

func whole(text string, pass passing) string {
	if clean(text) {
		return text
	}
	out, _ := appendText(make([]byte, 0, len(text)+16), bytesOf(text), pass)
	return string(out)
}

// clean reports whether a text is printable ASCII, which nearly all is.
func clean(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < 0x20 || c >= 0x7f {
			return false
		}
	}
	return true
}

// bytesOf are the bytes of a text, which must not be changed.
func bytesOf(text string) []byte { return unsafe.Slice(unsafe.StringData(text), len(text)) }

// appendText appends s, and says whether a rendition has passed.
func appendText(dst, s []byte, pass passing) (out []byte, styled bool) {
	start := 0
	for i := 0; i < len(s); {
		if i += printable(s[i:]); i == len(s) {
			break
		}
		if c := s[i]; c >= 0x20 && c < 0x7f {
			i++
			continue
		}
		size, ok := passes(s[i:], pass)
		if ok {
			styled = styled || s[i] == esc
			i += size
			continue
		}
		dst = append(dst, s[start:i]...)
		dst = appendVisible(dst, s[i:i+size])
		i += size
		start = i
	}
	return append(dst, s[start:]...), styled
}

const esc = 0x1b

// passes examines the beginning of s, which is no printable ASCII: its length, and whether
// it can stay as it is.
func passes(s []byte, pass passing) (size int, ok bool) {
	switch c := s[0]; {
	case c == '\t':
		return 1, pass&tabs != 0
	case c == '\n':
		return 1, pass&newlines != 0
	case c == esc && pass&renditions != 0:
		if n := rendition(s); n > 0 {
			return n, true
		}
		return 1, false
	case c < utf8.RuneSelf:
		return 1, false
	}
	r, size := utf8.DecodeRune(s)
	return size, !hostile(r) && (r != utf8.RuneError || size > 1)
}

// rendition returns the length of the SGR sequence at the start of s, or 0.
func rendition(s []byte) int {
	if len(s) < 3 || s[1] != '[' {
		return 0
	}
	for i := 2; i < len(s); i++ {
		switch c := s[i]; {
		case c == 'm':
			return i + 1
		case c != ';' && c != ':' && (c < '0' || c > '9'):
			return 0
		}
	}
	return 0
}

// hostile reports whether a character does something other than to be seen.
func hostile(r rune) bool {
	switch {
	case r < 0x20, r >= 0x7f && r < 0xa0: // controls: C0, DEL, C1
		return true
	case r < 0x61c:
		return false
	case r == 0x61c, r == 0x200e, r == 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069: // Bidi_Control
		return true
	case r == 0x2028, r == 0x2029: // line and paragraph separator
		return true
	case r == 0x180e, r == 0x200b, r >= 0x2060 && r <= 0x206f, r == 0xfeff, r >= 0xfff9 && r <= 0xfffb: // unseen
		return true
	}
	return r >= 0xe0000 && r <= 0xe007f // tags
}

// appendVisible appends what stands for one character, or one byte that is none.
func appendVisible(dst, s []byte) []byte {
	r, size := utf8.DecodeRune(s)
	if r >= 0xa0 && (r != utf8.RuneError || size > 1) {
		dst = append(dst, "<U+"...)
		for shift := max(12, 4*((bitsOf(r)-1)/4)); shift >= 0; shift -= 4 {
			dst = append(dst, "0123456789ABCDEF"[r>>shift&15])
		}
		return append(dst, '>')
	}
	c := s[len(s)-1] // of a C1 control in UTF-8, the second byte is its number
	if c >= 0x80 {
		dst = append(dst, "M-"...)
		c -= 0x80
	}
	if c < 0x20 || c == 0x7f {
		return append(dst, '^', c^0x40)
	}
	return append(dst, c)
}

// bitsOf is how many bits a character takes.
func bitsOf(r rune) (n int) {
	for ; r > 0; r >>= 1 {
		n++
	}
	return n
}

// printable returns how many bytes at the start of s are printable ASCII other than quotation
// mark and backslash: nearly all of nearly all lines.
func printable(s []byte) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	// The high bits of the zero bytes of x, and perhaps of some bytes after them.
	zero := func(x uint64) uint64 { return (x - ones) &^ x & highs }
	n := 0
	for ; n+8 <= len(s); n += 8 {
		b := s[n : n+8]
		x := uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 | // one load
			uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
		control := (x - ones*0x20) &^ x & highs
		if control|x&highs|zero(x^ones*0x7f)|zero(x^ones*'"')|zero(x^ones*'\\') != 0 {
			break
		}
	}
	for n < len(s) && s[n] >= 0x20 && s[n] < 0x7f && s[n] != '"' && s[n] != '\\' {
		n++
	}
	return n
}
