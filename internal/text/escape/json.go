package escape

import "unicode/utf8"

// AppendJSONString appends a text as a JSON string (RFC 8259, section 7). It is valid for any
// text: what is not UTF-8 becomes U+FFFD.
func AppendJSONString(dst, s []byte) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		if i += printable(s[i:]); i == len(s) {
			break
		}
		r, size := utf8.DecodeRune(s[i:])
		bad := r == utf8.RuneError && size == 1
		if !bad && r != '"' && r != '\\' && !hostile(r) {
			i += size
			continue
		}
		dst = append(dst, s[start:i]...)
		dst = appendJSONEscape(dst, r)
		i += size
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

// AppendJSONText is [AppendJSONString] for a string.
func AppendJSONText(dst []byte, text string) []byte { return AppendJSONString(dst, bytesOf(text)) }

// AppendJSON appends JSON that somebody else has written. Beside ASCII, only strings can have
// characters, so that these can be escaped without looking at what is around them.
func AppendJSON(dst, text []byte) []byte {
	start := 0
	for i := 0; i < len(text); {
		if c := text[i]; c < 0x7f {
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		if !hostile(r) && (r != utf8.RuneError || size > 1) {
			i += size
			continue
		}
		dst = append(dst, text[start:i]...)
		dst = appendJSONEscape(dst, r)
		i += size
		start = i
	}
	return append(dst, text[start:]...)
}

func appendJSONEscape(dst []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(dst, '\\', byte(r))
	case '\b':
		return append(dst, '\\', 'b')
	case '\t':
		return append(dst, '\\', 't')
	case '\n':
		return append(dst, '\\', 'n')
	case '\f':
		return append(dst, '\\', 'f')
	case '\r':
		return append(dst, '\\', 'r')
	}
	if r > 0xffff { // UTF-16
		dst = appendCodeUnit(dst, 0xd800+(r-0x10000)>>10)
		r = 0xdc00 + (r-0x10000)&0x3ff
	}
	return appendCodeUnit(dst, r)
}

func appendCodeUnit(dst []byte, unit rune) []byte {
	const hex = "0123456789abcdef"
	return append(dst, '\\', 'u', hex[unit>>12&15], hex[unit>>8&15], hex[unit>>4&15], hex[unit&15])
}
