package config

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
)

// notAValue is the message for most text that needs quotes.
const notAValue = "the value is not a number, a date or quoted text"

// syntaxFinding explains why the library rejected a text, and returns the value that is
// wrong, if it is a single one. The scanner has read the same text, and knows what was open
// where it stopped.
func syntaxFinding(text string, s *scanner, err error) (finding, *node) {
	var parse toml.ParseError
	if !errors.As(err, &parse) {
		return finding{message: err.Error()}, nil
	}
	at := position(text, parse.Position)
	if s.inString != nil && (strings.Contains(parse.Message, "newline") || strings.Contains(parse.Message, "EOF")) {
		return finding{at: *s.inString, message: "this string has no closing quote", hint: quoteHint(text, *s.inString)}, nil
	}
	n := valueAt(s.root, at.start)
	f := explain(text, at, parse.Message, n)
	if n != nil {
		f.path = n.path()
	}
	open := s.inBrackets
	if open != nil && lineOf(text, open.start) < lineOf(text, at.start) && (n == nil || beginsWithBracket(text, at.start)) {
		n = nil
		bracket := fmt.Sprintf("the %c in line %d", text[open.start], lineOf(text, open.start))
		if strings.HasPrefix(parse.Message, "expected a comma") {
			f.hint = bracket + " is still open here"
		} else {
			f.message, f.hint = bracket+" is not closed before this", ""
		}
	}
	return f, n
}

// beginsWithBracket reports whether the line of an offset looks like a header.
func beginsWithBracket(text string, offset int) bool {
	line := text[strings.LastIndexByte(text[:offset], '\n')+1:]
	return strings.HasPrefix(strings.TrimLeft(line, " \t"), "[")
}

// valueAt returns the number, date, word or string at an offset.
func valueAt(n *node, offset int) *node {
	for _, c := range n.children {
		if c.kind == scalar && c.val.start <= offset && offset < c.val.end {
			return c
		}
		if found := valueAt(c, offset); found != nil {
			return found
		}
	}
	return nil
}

// position converts the library's position. Its line is sometimes off by one at the end of a
// line or of the file, so only the offset counts.
func position(text string, p toml.Position) span {
	start := min(max(p.Start, 0), len(text))
	for start > 0 && start < len(text) && !utf8.RuneStart(text[start]) {
		start--
	}
	end := min(start+max(p.Len, 1), len(text))
	for start < end-1 && (text[start] == ' ' || text[start] == '\t') {
		start++
	}
	return span{start, end}
}

func lineOf(text string, offset int) int { return 1 + strings.Count(text[:offset], "\n") }

// explain rewords the library's most frequent messages, and says what to write instead. n is
// the value that is wrong, if any.
func explain(text string, at span, message string, n *node) finding {
	found, _ := utf8.DecodeRuneInString(text[at.start:])
	say := func(message, hint string) finding { return finding{at: at, message: message, hint: hint} }
	raw := text[at.start:at.end]
	if n != nil {
		raw = text[n.val.start:n.val.end]
	}
	switch {
	case strings.HasPrefix(message, "expected value but found"), strings.HasPrefix(message, "unexpected EOF; expected value"):
		switch {
		case n == nil:
			return say("a value is missing here", "")
		case strings.ContainsRune("\u201c\u201d\u201e\u00ab\u00bb\u2018\u2019`", found):
			return say("these quotes are not those of TOML", `use "these"`)
		}
		return inQuotes(n.val, raw)
	case strings.HasPrefix(message, "expected '.' or '='"), strings.HasPrefix(message, "unexpected EOF; expected key"):
		return say(explainKey(text, at, found))
	case strings.HasPrefix(message, "unexpected '='"), strings.HasPrefix(message, "unexpected '.'"):
		return say("a key is missing here", "")
	case strings.HasPrefix(message, "unexpected end of table name"), strings.HasPrefix(message, "unexpected table separator"):
		return say("a name is missing in this header", "")
	case strings.HasPrefix(message, "expected end of table array"):
		return say("this header is not closed by its brackets", "")
	case strings.HasPrefix(message, "expected '.' or ']'"):
		if found == '\n' || found == '\r' || found == '#' || found == '=' || at.start >= len(text)-1 {
			return say("this header is not closed by its brackets", "")
		}
		return say(fmt.Sprintf("%q cannot be in a name without quotes", found), `put the name in quotes, as in [service."a name"]`)
	case strings.HasPrefix(message, "invalid datetime"):
		return say("there is no such date or time", "put it in quotes if it is meant as text: "+quote(raw))
	case n != nil && (begunAsNumber(text, at, n) || strings.HasPrefix(message, "Invalid float") || strings.HasPrefix(message, "expected a digit")):
		return inQuotes(n.val, raw)
	case strings.HasPrefix(message, "expected a top-level item"):
		return say("something follows the value on this line", "each key needs a line of its own")
	case strings.HasPrefix(message, "expected a comma"):
		return say("a comma or a closing bracket is missing here", "")
	case strings.HasPrefix(message, "Invalid integer") && strings.HasSuffix(message, "leading zeroes"):
		return say("a number cannot begin with 0", "put it in quotes: "+quote(raw))
	case strings.HasSuffix(message, "out of range for int64"), strings.HasSuffix(message, "out of range for float64"):
		return say("the number is too large", "")
	case strings.HasPrefix(message, "invalid escape"):
		return say("no such escape in a string", `write \\ for a backslash, or put the text in 'single quotes'`)
	case strings.Contains(message, "hexadecimal digits after"):
		return say("an escape in this string is cut short", `write \x and two, \u and four, or \U and eight hexadecimal digits`)
	case strings.HasPrefix(message, "Key '"):
		return say("the key is already defined as something else", "")
	}
	first, size := utf8.DecodeRuneInString(message)
	return say(shorten(printable(string(unicode.ToLower(first))+message[size:])), "")
}

func inQuotes(at span, raw string) finding {
	return finding{at: at, message: notAValue, hint: "put it in quotes: " + quote(raw)}
}

// begunAsNumber reports whether the library took the start of a word for a number, and failed
// in the middle of it: 5s, 10MB.
func begunAsNumber(text string, at span, n *node) bool {
	first := text[n.val.start]
	return n.val.start < at.start && first >= '0' && first <= '9' && text[at.start-1] != ' ' && text[at.start-1] != '\t'
}

func explainKey(text string, at span, found rune) (string, string) {
	switch {
	case found == ':':
		return "there is a colon between key and value", "write key = value"
	case at.start >= len(text)-1, found == '\n', found == '\r', found == '"', found == '\'', found == '[',
		at.start > 0 && (text[at.start-1] == ' ' || text[at.start-1] == '\t'):
		return "a key has no value", "write key = value"
	}
	start := at.start
	for start > 0 && isBare(text[start-1]) {
		start--
	}
	end := at.start + strings.IndexAny(text[at.start:]+"=", " \t=\r\n}]")
	return fmt.Sprintf("%q cannot be in a key without quotes", found), "put the key in quotes: " + quote(text[start:end])
}

func quoteHint(text string, at span) string {
	if strings.HasPrefix(text[at.start:], `"""`) || strings.HasPrefix(text[at.start:], "'''") {
		return "it begins with three quotes, and must end with three"
	}
	return ""
}
