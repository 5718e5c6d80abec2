package guess

import (
	"strconv"
	"unicode/utf8"

	"supervise/internal/text"
)

// Error says what is wrong with a text, and separately what to write instead.
type Error struct {
	Message string // `unknown kind of mapping "elf-header"`
	Hint    string // `did you mean "elf-headers"?`; never empty
}

func (e *Error) Error() string { return e.Message + ", " + e.Hint }

// Unknown is the error for a word that is not among those known. what says what kind of
// word it is: "kind of mapping".
func Unknown(what, word string, known []string) *Error {
	e := &Error{Message: "unknown " + what + " " + Quote(word)}
	if near := Word(word, known); near != "" {
		e.Hint = DidYouMean(near)
	} else {
		e.Hint = "known are " + text.Join(known, ", ")
	}
	return e
}

// DidYouMean is the hint that proposes a word.
func DidYouMean(word string) string { return "did you mean " + Quote(word) + "?" }

// Quote quotes a text for a message, cut to 64 bytes: somebody may give a whole file as a
// word.
func Quote(text string) string {
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
