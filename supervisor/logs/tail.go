package logs

import "slices"

// The bounds of a tail.
const (
	TailLines = 20   // lines
	TailBytes = 8192 // bytes, each line's newline included
)

// tailLine is the most bytes of one line in a tail, so that a long line does not displace the
// others.
const tailLine = 1024

// Tail returns the last lines that this generation wrote, of both streams in the order of
// reading, oldest first: at most [TailLines] and [TailBytes]; of a line of more than a
// kilobyte, its beginning. It is complete in the callback of [Source.Drain].
func (s *Source) Tail() []string {
	h := s.history
	h.mu.Lock()
	defer h.mu.Unlock()
	var lines []string
	size := 0
	for o, text := range h.backward() {
		if o.generation != s.generation {
			continue
		}
		line := string(text)
		if len(text) > tailLine {
			line = string(text[:pieceEnd(text, tailLine-len(cutOff))]) + cutOff
		}
		if size += len(line) + 1; size > TailBytes || len(lines) == TailLines {
			break
		}
		lines = append(lines, line)
	}
	slices.Reverse(lines)
	return lines
}
