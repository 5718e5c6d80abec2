package config

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// This file is the lower half of the scanner: everything smaller than a key with its value.

// peek returns the next byte, 0 at the end. A real 0 in a text stops the scanner, as it stops
// the library.
func (s *scanner) peek() byte {
	if s.pos < len(s.text) {
		return s.text[s.pos]
	}
	return 0
}

func (s *scanner) take(want string) bool {
	if strings.HasPrefix(s.text[s.pos:], want) {
		s.pos += len(want)
		return true
	}
	return false
}

func (s *scanner) skipBlanks() {
	for s.peek() == ' ' || s.peek() == '\t' {
		s.pos++
	}
}

// skipLines skips blanks, line ends and comments. It returns false at the end.
func (s *scanner) skipLines() bool {
	for s.pos < len(s.text) {
		switch s.text[s.pos] {
		case ' ', '\t', '\r', '\n':
			s.pos++
		case '#':
			s.skipComment()
		default:
			return true
		}
	}
	return false
}

func (s *scanner) skipComment() {
	if end := strings.IndexByte(s.text[s.pos:], '\n'); end >= 0 {
		s.pos += end
	} else {
		s.pos = len(s.text)
	}
}

func (s *scanner) part() (part, bool) {
	start := s.pos
	switch quote := s.peek(); quote {
	case '"', '\'':
		if !s.quoted(quote) {
			s.inString = &span{start, start + 1}
			return part{}, false
		}
		name := s.text[start+1 : s.pos-1]
		if quote == '"' {
			name = unescape(name)
		}
		return part{name, span{start, s.pos}}, true
	}
	for s.pos < len(s.text) && isBare(s.text[s.pos]) {
		s.pos++
	}
	return part{s.text[start:s.pos], span{start, s.pos}}, s.pos > start
}

func isBare(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}

// word reads a number, a date, or true and false: up to a character that ends a value.
func (s *scanner) word() bool {
	start := s.pos
	end := strings.IndexAny(s.text[start:], ",]}#\r\n")
	if end < 0 {
		end = len(s.text) - start
	}
	s.pos = start + len(strings.TrimRight(s.text[start:start+end], " \t"))
	return s.pos > start
}

// str reads any of the four kinds of strings.
func (s *scanner) str() bool {
	start, quote := s.pos, s.peek()
	var ok bool
	if fence := strings.Repeat(string(quote), 3); s.take(fence) {
		ok = s.multiline(quote)
	} else {
		ok = s.quoted(quote)
	}
	if !ok {
		s.inString = &span{start, start + 1}
	}
	return ok
}

// quoted reads a string on one line.
func (s *scanner) quoted(quote byte) bool {
	for s.pos++; s.pos < len(s.text); s.pos++ {
		switch c := s.text[s.pos]; {
		case c == quote:
			s.pos++
			return true
		case c == '\n':
			return false
		case c == '\\' && quote == '"':
			s.pos++
		}
	}
	s.pos = len(s.text)
	return false
}

// multiline reads the rest of a string in triple quotes. One or two quotes may precede those
// that end it.
func (s *scanner) multiline(quote byte) bool {
	run := 0
	for ; s.pos < len(s.text); s.pos++ {
		switch c := s.text[s.pos]; {
		case c == quote:
			run++
			continue
		case run >= 3:
			return true
		case c == '\\' && quote == '"':
			s.pos++
		}
		run = 0
	}
	s.pos = len(s.text)
	return run >= 3
}

// unescape undoes the escapes of a quoted key. The library rejects files with invalid
// escapes, so that their result does not matter.
func unescape(text string) string {
	if strings.IndexByte(text, '\\') < 0 {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' || i+1 == len(text) {
			b.WriteByte(text[i])
			continue
		}
		i++
		digits := 0
		switch text[i] {
		case 'b', 't', 'n', 'f', 'r', 'e':
			b.WriteByte(map[byte]byte{'b': '\b', 't': '\t', 'n': '\n', 'f': '\f', 'r': '\r', 'e': 0x1b}[text[i]])
		case 'x':
			digits = 2
		case 'u':
			digits = 4
		case 'U':
			digits = 8
		default:
			b.WriteByte(text[i])
		}
		if digits == 0 || i+digits >= len(text) {
			continue
		}
		code, err := strconv.ParseUint(text[i+1:i+1+digits], 16, 32)
		if err != nil || code > utf8.MaxRune {
			code = utf8.RuneError
		}
		b.WriteRune(rune(code))
		i += digits
	}
	return b.String()
}
