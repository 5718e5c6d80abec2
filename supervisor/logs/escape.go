package logs

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"
)

// appendJSON appends s as a JSON string. It is valid JSON for any s: bytes that are not valid
// UTF-8 become U+FFFD, and those below 0x20 are escaped. RFC 8259, section 7.
func appendJSON(dst, s []byte) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		if i += plain(s[i:]); i == len(s) {
			break
		}
		c := s[i]
		if c < utf8.RuneSelf {
			if !jsonEscaped[c] {
				i++
				continue
			}
			dst = append(dst, s[start:i]...)
			dst = appendJSONEscape(dst, c)
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRune(s[i:])
		if r == utf8.RuneError && size == 1 {
			dst = append(dst, s[start:i]...)
			dst = append(dst, `\ufffd`...)
			i++
			start = i
			continue
		}
		i += size
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

var jsonEscaped = func() (t [utf8.RuneSelf]bool) {
	for c := range 0x20 {
		t[c] = true
	}
	t['"'], t['\\'] = true, true
	return t
}()

func appendJSONEscape(dst []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\t':
		return append(dst, '\\', 't')
	case '\r':
		return append(dst, '\\', 'r')
	case '\n':
		return append(dst, '\\', 'n')
	default:
		return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
	}
}

// appendVisible appends s such that a terminal only moves forward along one line: nothing in
// s can affect the prefix or anybody else's line. Colours and other renditions (ECMA-48 SGR,
// ESC [ ... m) pass through and are reset at the end; tabs and UTF-8 pass through; a carriage
// return at the end, from a program that ends lines with both, is removed. Every other
// control character, be it ASCII, C1 or part of an escape sequence, is shown as cat -v does:
// ^M, ^[, M-^[.
func appendVisible(dst, s []byte) []byte {
	s = bytes.TrimSuffix(s, []byte{'\r'})
	start, styled := 0, false
	for i := 0; i < len(s); {
		if i += plain(s[i:]); i == len(s) {
			break
		}
		c := s[i]
		if !suspect[c] {
			i++
			continue
		}
		keep, size := inspect(s[i:])
		if keep {
			styled = styled || c == esc
			i += size
			continue
		}
		dst = append(dst, s[start:i]...)
		dst = appendCaret(dst, s[i+size-1])
		i += size
		start = i
	}
	dst = append(dst, s[start:]...)
	if styled {
		dst = append(dst, "\x1b[0m"...)
	}
	return dst
}

const esc = 0x1b

// suspect are the bytes that a control character can begin with. 0xc2 begins the C1 controls
// in UTF-8; bare 0x80 to 0x9f are C1 controls in Latin-1.
var suspect = func() (t [256]bool) {
	for c := range t {
		t[c] = c < 0x20 && c != '\t' || c >= 0x7f
	}
	return t
}()

// inspect examines the suspect at the start of s: its length, and whether it can pass. If
// not, its last byte is the control character.
func inspect(s []byte) (keep bool, size int) {
	if s[0] == esc {
		if n := rendition(s); n > 0 {
			return true, n
		}
		return false, 1
	}
	if s[0] < utf8.RuneSelf {
		return false, 1
	}
	r, size := utf8.DecodeRune(s)
	if r == utf8.RuneError && size == 1 {
		return s[0] >= 0xa0, 1
	}
	return r >= 0xa0, size
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

func appendCaret(dst []byte, c byte) []byte {
	if c >= 0x80 {
		dst = append(dst, "M-"...)
		c -= 0x80
	}
	return append(dst, '^', c^0x40)
}

// plain returns how many bytes at the start of s, in steps of eight, are printable ASCII
// other than quotation mark and backslash: nearly all of nearly all lines.
func plain(s []byte) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	// The high bits of the zero bytes of x, and perhaps of some bytes after them.
	zero := func(x uint64) uint64 { return (x - ones) &^ x & highs }
	n := 0
	for ; n+8 <= len(s); n += 8 {
		x := binary.LittleEndian.Uint64(s[n:])
		control := (x - ones*0x20) &^ x & highs
		if control|x&highs|zero(x^ones*0x7f)|zero(x^ones*'"')|zero(x^ones*'\\') != 0 {
			break
		}
	}
	return n
}
