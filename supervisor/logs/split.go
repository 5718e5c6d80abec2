package logs

import (
	"bytes"
	"unicode/utf8"
)

// MaxLine is the longest line, in bytes without its newline, that is passed on in one piece.
// A longer one is passed on in pieces of this size, all but the last marked as continued.
const MaxLine = 64 << 10

// mark says what a piece of text is.
type mark uint8

const (
	whole     mark = iota // a line, or the last piece of one
	continued             // a piece of a line that goes on
	partial               // the end of the output, without a newline
	none                  // not yet a line
)

// cut returns the first line of data, or piece of one, and its length n in data. Where the
// pieces of a long line end depends only on the line, not on how it arrived: after MaxLine
// bytes, or up to three earlier so as not to split a character.
func cut(data []byte) (line []byte, n int, m mark) {
	if i := bytes.IndexByte(data[:min(len(data), MaxLine+1)], '\n'); i >= 0 {
		return data[:i], i + 1, whole
	}
	if len(data) <= MaxLine {
		return nil, 0, none
	}
	i := pieceEnd(data, MaxLine)
	return data[:i], i, continued
}

// pieceEnd returns where to cut data, which is longer than most, so that at most that many
// bytes remain and no character is split.
func pieceEnd(data []byte, most int) int {
	for i := most; i > most-utf8.UTFMax; i-- {
		if utf8.RuneStart(data[i]) {
			return i
		}
	}
	return most
}
