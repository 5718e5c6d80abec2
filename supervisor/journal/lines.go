package journal

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// The bounds of the last lines in an entry. There is one for each end of a main process, and
// a service that ends all the time must neither fill the memory nor the disk.
const (
	MaxLines     = 10
	MaxLineBytes = 2048 // of all of them, each with its line end
)

// cutOff ends a line that is longer.
const cutOff = " [cut off]"

// JoinLines makes one text of the last of some lines, for [Fact]: at most MaxLines and
// MaxLineBytes. Of a line that is longer than that by itself it has the beginning.
func JoinLines(lines []string) string {
	lines = lines[max(0, len(lines)-MaxLines):]
	first, size := len(lines), 0
	for first > 0 && size+len(lines[first-1])+1 <= MaxLineBytes {
		first--
		size += len(lines[first]) + 1
	}
	if last := len(lines) - 1; first > last && last >= 0 {
		return cut(lines[last])
	}
	return strings.Join(lines[first:], "\n")
}

// cut returns the beginning of a line, no part of a character.
func cut(line string) string {
	end := MaxLineBytes - len(cutOff) - 1
	for back := 0; back < utf8.UTFMax && !utf8.RuneStart(line[end]); back++ {
		end--
	}
	return line[:end] + cutOff
}

// LineList is what [JoinLines] has joined.
func LineList(joined string) []string {
	if joined == "" {
		return nil
	}
	return strings.Split(joined, "\n")
}

// lastLines says how many lines follow.
func lastLines(joined string) string {
	if n := len(LineList(joined)); n != 1 {
		return "its last " + strconv.Itoa(n) + " lines before that"
	}
	return "its last line before that"
}
