package coredump

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"supervise/internal/guess"
)

// Error says what is wrong with a text, and, apart from that, what to write instead.
type Error struct {
	Message string // `unknown kind of mapping "elf-header"`
	Hint    string // `did you mean "elf-headers"?`; never empty
}

func (e *Error) Error() string { return e.Message + ", " + e.Hint }

func unknown(what, word string, known []string) *Error {
	e := &Error{Message: "unknown " + what + " " + quote(word)}
	if near := guess.Word(word, known); near != "" {
		e.Hint = didYouMean(near)
	} else {
		e.Hint = "known are " + strings.Join(known, ", ")
	}
	return e
}

func didYouMean(word string) string { return "did you mean " + quote(word) + "?" }

// quote keeps a message readable when somebody gives a whole file as a word.
func quote(text string) string {
	const most = 64
	if len(text) <= most {
		return strconv.Quote(text)
	}
	end := most
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return strconv.Quote(text[:end] + "...")
}
