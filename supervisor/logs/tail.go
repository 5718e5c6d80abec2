package logs

import (
	"bytes"
	"strings"
)

// The bounds of a tail.
const (
	TailLines = 20   // lines
	TailBytes = 8192 // bytes, each line's newline included
)

// tailLine is how much of one line a tail keeps, so that one long line does not push out
// the nineteen others.
const tailLine = 1024

// cutOff stands for the rest of a line that was longer.
const cutOff = " ..."

// tail is the last lines that a source wrote, one after the other in buf, each with its
// newline. Its memory follows what it holds, in powers of two.
type tail struct {
	buf []byte
	n   int // lines in buf
}

// add appends the lines of block, which ends with a newline.
func (t *tail) add(block []byte) {
	// Only the end of block can stay. Look for where that begins, from the back.
	at, lines := len(block), 0
	for at > 0 && lines < TailLines && len(block)-at < TailBytes {
		at = 1 + bytes.LastIndexByte(block[:at-1], '\n')
		lines++
	}
	for block = block[at:]; len(block) > 0; {
		i := bytes.IndexByte(block, '\n')
		t.addLine(block[:i])
		block = block[i+1:]
	}
}

// addLine appends one line, given without its newline.
func (t *tail) addLine(line []byte) {
	line = bytes.TrimSuffix(line, []byte{'\r'})
	end := "\n"
	if len(line) > tailLine {
		line, end = line[:tailLine-len(cutOff)-1], cutOff+"\n"
	}
	t.room(len(line) + len(end))
	t.buf = append(append(t.buf, line...), end...)
	t.n++
}

// room drops old lines until a new one of the given size has its place.
func (t *tail) room(size int) {
	drop := 0
	for t.n == TailLines || len(t.buf)-drop+size > TailBytes {
		drop += 1 + bytes.IndexByte(t.buf[drop:], '\n')
		t.n--
	}
	live := t.buf[drop:]
	if need := len(live) + size; need > cap(t.buf) {
		t.buf = append(make([]byte, 0, t.space(need)), live...)
	} else if drop > 0 {
		t.buf = t.buf[:copy(t.buf, live)]
	}
}

// space returns how much memory to get for need bytes, which are t.n+1 lines: at first
// just enough, for many services write a line or two and no more; then enough for as many
// lines of that length as there can be, so as not to leave a trail of outgrown pieces.
func (t *tail) space(need int) int {
	if cap(t.buf) > 0 {
		need = min(max(need, need*TailLines/(t.n+1)), TailBytes)
	}
	n := 128
	for n < need {
		n *= 2
	}
	return n
}

// lines returns what the tail holds, the oldest line first.
func (t *tail) lines() []string {
	if t.n == 0 {
		return nil
	}
	return strings.Split(string(t.buf[:len(t.buf)-1]), "\n")
}
