package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
)

// syntaxFindings says in our words why the library refused a text: at the first place
// that is wrong, or at every place where something is defined once more. The scanner
// has read the same text, and knows what was open where it had to stop.
func syntaxFindings(text string, s *scanner, err error) []finding {
	var parse toml.ParseError
	if !errors.As(err, &parse) {
		return []finding{{message: err.Error()}}
	}
	at := position(text, parse.Position)
	if strings.Contains(parse.Message, "already") && len(s.repeats) > 0 {
		return repeatFindings(text, s.repeats)
	}
	if s.inString != nil && (strings.Contains(parse.Message, "newline") || strings.Contains(parse.Message, "EOF")) {
		return []finding{{at: *s.inString, message: "this string has no closing quote", hint: quoteHint(text, *s.inString)}}
	}
	message, hint := explain(text, at, parse.Message, bracketed(s.root, at.start))
	if open := s.inBrackets; open != nil && lineOf(text, open.start) != lineOf(text, at.start) {
		bracket := fmt.Sprintf("the %c in line %d", text[open.start], lineOf(text, open.start))
		if strings.HasPrefix(parse.Message, "expected a comma") {
			hint = bracket + " is still open here"
		} else {
			message, hint = bracket+" is not closed before this", ""
		}
	}
	return []finding{{at: at, message: message, hint: hint}}
}

// bracketed reports whether an offset is within an array or an inline table.
func bracketed(n *node, offset int) bool {
	for _, c := range n.children {
		inside := c.val.start < offset && offset <= c.val.end
		if inside && (c.kind == array || c.inline()) || bracketed(c, offset) {
			return true
		}
	}
	return false
}

// overlooked returns what the library did not mind in a text that it read: values that
// are replaced, and inline tables that are extended later. TOML allows neither, and
// what the library makes of them is not what stands there.
func overlooked(text string, s *scanner) []finding {
	if len(s.repeats) > 0 {
		return repeatFindings(text, s.repeats)
	}
	if s.pos < len(text) {
		return []finding{{at: span{s.pos, s.pos + 1}, message: "this cannot be read as TOML"}}
	}
	return nil
}

// position turns the library's into ours. It is sometimes one line off where a line
// or the file ends, so that only the offset counts.
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

// repeatFindings names each key that is there twice, but not what is inside of a table
// that is itself there twice.
func repeatFindings(text string, repeats []repeat) []finding {
	twice := map[*node]bool{}
	for _, r := range repeats {
		twice[r.node] = true
	}
	var findings []finding
	for _, r := range repeats {
		inside := false // of a table, and there with its header
		for n := r.node.parent; n != nil; n = n.parent {
			inside = inside || twice[n] && r.node.kind != scalar
		}
		if inside {
			continue
		}
		what := strconv.Quote(r.node.name)
		if r.node.isService() {
			what = "service " + what
		}
		findings = append(findings, finding{
			at: r.again, path: r.node.path(), message: what + " is defined twice",
			hint: fmt.Sprintf("the first one is in line %d", lineOf(text, r.node.key.start)),
		})
	}
	return findings
}

// explain rewrites the library's messages that people meet most, and tells what to
// write instead.
func explain(text string, at span, message string, inBrackets bool) (string, string) {
	found, _ := utf8.DecodeRuneInString(text[at.start:])
	switch {
	case strings.HasPrefix(message, "expected value but found"), strings.HasPrefix(message, "unexpected EOF; expected value"):
		return explainValue(text, at, found, inBrackets)
	case strings.HasPrefix(message, "expected '.' or '='"), strings.HasPrefix(message, "unexpected EOF; expected key"):
		return explainKey(text, at, found)
	case strings.HasPrefix(message, "expected end of table array"):
		return "this header is not closed by its brackets", ""
	case strings.HasPrefix(message, "expected '.' or ']'"):
		if found == '\n' || found == '\r' || found == '#' || found == '=' || at.start >= len(text)-1 {
			return "this header is not closed by its brackets", ""
		}
		return fmt.Sprintf("%q cannot be in a name without quotes", found), `put the name in quotes, as in [service."a name"]`
	case strings.HasPrefix(message, "invalid datetime"):
		return "there is no such date or time", "put it in quotes if it is meant as text: " + strconv.Quote(text[at.start:at.end])
	case strings.HasPrefix(message, "expected a top-level item"):
		if word := glued(text, at); word != "" {
			return "the value is no number, date or quoted text", "put it in quotes: " + strconv.Quote(word)
		}
		return "something follows the value on this line", "each key needs a line of its own"
	case strings.HasPrefix(message, "expected a comma"):
		if word := glued(text, at); word != "" {
			return "the value is no number, date or quoted text", "put it in quotes: " + strconv.Quote(word)
		}
		return "a comma or a closing bracket is missing here", ""
	case strings.HasPrefix(message, "Invalid integer") && strings.HasSuffix(message, "leading zeroes"):
		return "a number cannot begin with 0", "put it in quotes: " + strconv.Quote(text[at.start:at.end])
	case strings.HasPrefix(message, "Invalid float"):
		return "the value is no number, date or quoted text", "put it in quotes: " + strconv.Quote(text[at.start:at.end])
	case strings.HasSuffix(message, "out of range for int64"), strings.HasSuffix(message, "out of range for float64"):
		return "the number is too large", ""
	case strings.HasPrefix(message, "invalid escape"):
		return "no such escape in a string", `write \\ for a backslash, or put the text in 'single quotes'`
	case strings.HasPrefix(message, "Key '"):
		return "the key is already defined as something else", ""
	}
	first, size := utf8.DecodeRuneInString(message)
	return printable(string(unicode.ToLower(first)) + message[size:]), ""
}

func explainValue(text string, at span, found rune, inBrackets bool) (string, string) {
	switch {
	case at.start == len(text), found == '\n', found == '\r', found == '#', found == '=', found == ' ', found == '\t':
		return "a value is missing here", ""
	case strings.ContainsRune("\u201c\u201d\u201e\u00ab\u00bb\u2018\u2019`", found):
		return "these quotes are not those of TOML", `use "these"`
	}
	word := wordFrom(text, at.start)
	if !inBrackets {
		word = restOfLine(text, at.start)
	}
	if word == "" || len(word) > 100 {
		return "this is no value", "text goes in quotes"
	}
	return "the value is no number, date or quoted text", "put it in quotes: " + strconv.Quote(word)
}

func explainKey(text string, at span, found rune) (string, string) {
	switch {
	case found == ':':
		return "a colon stands between key and value", "write key = value"
	case at.start >= len(text)-1, found == '\n', found == '\r', found == '"', found == '\'', found == '[',
		at.start > 0 && (text[at.start-1] == ' ' || text[at.start-1] == '\t'):
		return "a key has no value", "write key = value"
	}
	start := at.start
	for start > 0 && isBare(text[start-1]) {
		start--
	}
	end := at.start + strings.IndexAny(text[at.start:]+"=", " \t=\r\n}]")
	return fmt.Sprintf("%q cannot be in a key without quotes", found), "put the key in quotes: " + strconv.Quote(text[start:end])
}

// glued returns the whole of a word of which the library took the first part for a
// number: 5s, 10MB.
func glued(text string, at span) string {
	start := at.start
	for start > 0 && (isBare(text[start-1]) || text[start-1] == '.') {
		start--
	}
	word := wordFrom(text, start)
	if start == at.start || start+len(word) <= at.start || word[0] < '0' || word[0] > '9' {
		return ""
	}
	return word
}

// wordFrom returns what stands at an offset, up to what ends a value in brackets.
func wordFrom(text string, start int) string {
	end := strings.IndexAny(text[start:], " \t,]}#\r\n")
	if end < 0 {
		end = len(text) - start
	}
	return text[start : start+end]
}

// restOfLine returns what stands from an offset to the end of the line, without a
// comment.
func restOfLine(text string, start int) string {
	end := strings.IndexAny(text[start:], "#\r\n")
	if end < 0 {
		end = len(text) - start
	}
	return strings.TrimRight(text[start:start+end], " \t")
}

func quoteHint(text string, at span) string {
	if strings.HasPrefix(text[at.start:], `"""`) || strings.HasPrefix(text[at.start:], "'''") {
		return "it began with three quotes, and needs three at its end"
	}
	return ""
}
