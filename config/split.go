package config

import (
	"errors"
	"strings"
)

var (
	errOpenQuote = errors.New("a quote is not closed")
	errBackslash = errors.New("it ends in a backslash")
)

// splitWords splits a command line into words as sh(1) does ("Quoting" in POSIX's Shell
// Command Language), and expands nothing: $HOME, *.conf and > are words, or parts of words,
// like any others.
//
// special is the first piece that a shell would not have passed on unchanged, "" if there is
// none.
//
// The libraries for this do less or more: one stops silently at the first unquoted ; or |,
// one knows comments, one expands, and none returns what special does.
func splitWords(line string) (words []string, special string, err error) {
	var word strings.Builder
	inWord, plain := false, true // plain: nothing in the word was quoted
	note := func(text string) {
		if special == "" {
			special = text
		}
	}
	end := func() {
		if inWord {
			text := word.String()
			if plain && isOperator(text) {
				note(text)
			}
			words = append(words, text)
		}
		word.Reset()
		inWord, plain = false, true
	}
	for i := 0; i < len(line); i++ {
		switch c := line[i]; c {
		case ' ', '\t', '\n', '\r':
			end()
			continue
		case '\'':
			length := strings.IndexByte(line[i+1:], '\'')
			if length < 0 {
				return nil, "", errOpenQuote
			}
			word.WriteString(line[i+1 : i+1+length])
			i += length + 1
			plain = false
		case '"':
			length, found, ok := doubleQuoted(&word, line[i+1:])
			if !ok {
				return nil, "", errOpenQuote
			}
			if found != "" {
				note(found)
			}
			i += length
			plain = false
		case '\\':
			i++
			if i == len(line) {
				return nil, "", errBackslash
			}
			if line[i] == '\n' { // the line is continued
				continue
			}
			word.WriteByte(line[i])
			plain = false
		default:
			if found := expansion(line[i:]); found != "" {
				note(found)
			}
			word.WriteByte(c)
		}
		inWord = true
	}
	end()
	return words, special, nil
}

// doubleQuoted writes the text up to the closing quote. It returns the length including that
// quote, and the first expansion in it.
func doubleQuoted(word *strings.Builder, rest string) (length int, special string, ok bool) {
	for i := 0; i < len(rest); i++ {
		c := rest[i]
		switch {
		case c == '"':
			return i + 1, special, true
		case c == '\\' && i+1 < len(rest) && strings.IndexByte("$`\"\\\n", rest[i+1]) >= 0:
			i++
			if c = rest[i]; c == '\n' {
				continue
			}
		case special == "":
			special = expansion(rest[i:])
		}
		word.WriteByte(c)
	}
	return 0, "", false
}

// expansion returns what a text begins with if a shell would expand it: $NAME, ${, $( or a
// back quote.
func expansion(text string) string {
	if text[0] == '`' {
		return "`"
	}
	if text[0] != '$' || len(text) == 1 {
		return ""
	}
	if text[1] == '{' || text[1] == '(' {
		return text[:2]
	}
	end := 1
	for end < len(text) && (isBare(text[end]) && text[end] != '-') {
		end++
	}
	if end == 1 || text[1] >= '0' && text[1] <= '9' {
		return ""
	}
	return text[:end]
}

// isOperator reports whether a shell uses a word to join commands or redirect.
func isOperator(word string) bool {
	switch word {
	case "|", "||", "&", "&&", ";":
		return true
	}
	redirect := strings.TrimLeft(word, "0123456789&")
	return redirect != "" && (redirect[0] == '>' || redirect[0] == '<') || strings.HasSuffix(word, ";") && word != ";"
}
