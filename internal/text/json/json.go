package json

import (
	"iter"
	"strconv"
)

// Reader reads one value after the other from a text. After the first thing that it did
// not expect, everything that it returns is empty, and [Reader.OK] false.
type Reader struct {
	text   string
	at     int
	failed bool
}

// NewReader returns a reader at the beginning of a text.
func NewReader(text string) *Reader { return &Reader{text: text} }

// OK reports whether everything was as expected.
func (r *Reader) OK() bool { return !r.failed }

// Fail says that a value was not what the caller expected.
func (r *Reader) Fail() { r.failed = true }

// Members yields the names of an object's members. The loop reads the value of each, by
// one of the other methods.
func (r *Reader) Members() iter.Seq[string] {
	return func(yield func(string) bool) {
		for range r.items('{', '}') {
			name := r.String()
			r.expect(':')
			if r.failed || !yield(name) {
				return
			}
		}
	}
}

// Elements yields once for each element of an array, which the loop reads.
func (r *Reader) Elements() iter.Seq[int] { return r.items('[', ']') }

// items yields the number of each item between two brackets, with commas between them.
func (r *Reader) items(open, end byte) iter.Seq[int] {
	return func(yield func(int) bool) {
		r.expect(open)
		for n := 0; !r.failed && r.next() != end; n++ {
			if n > 0 {
				r.expect(',')
			}
			if r.failed || !yield(n) {
				return
			}
		}
		r.expect(end)
	}
}

// String reads a text.
func (r *Reader) String() string {
	r.expect('"')
	begin, escapes := r.at, false
	for ; !r.failed && r.at < len(r.text) && r.text[r.at] != '"'; r.at++ {
		if r.text[r.at] == '\\' {
			escapes = true
			r.at++
		}
	}
	end := min(r.at, len(r.text))
	r.expect('"')
	text := ""
	switch {
	case r.failed:
	case escapes:
		text, r.failed = unescape(r.text[begin:end])
	default:
		text = r.text[begin:end]
	}
	return text
}

// Int reads a number without fraction and exponent.
func (r *Reader) Int() int64 {
	n, err := strconv.ParseInt(r.word(), 10, 64)
	r.failed = r.failed || err != nil
	return n
}

// Uint reads one that is not negative.
func (r *Reader) Uint() uint64 {
	n, err := strconv.ParseUint(r.word(), 10, 64)
	r.failed = r.failed || err != nil
	return n
}

// Bool reads true or false.
func (r *Reader) Bool() bool {
	word := r.word()
	r.failed = r.failed || word != "true" && word != "false"
	return word == "true"
}

// Null reads null, if that comes next.
func (r *Reader) Null() bool { return r.next() == 'n' && r.word() == "null" }

// IsObject reports whether an object comes next.
func (r *Reader) IsObject() bool { return r.next() == '{' }

// Skip reads a value of any kind.
func (r *Reader) Skip() {
	switch r.next() {
	case '{':
		for range r.Members() {
			r.Skip()
		}
	case '[':
		for range r.Elements() {
			r.Skip()
		}
	case '"':
		_ = r.String()
	default:
		r.failed = r.failed || r.word() == ""
	}
}

// next returns the byte that comes next, white space left out, and 0 at the end.
func (r *Reader) next() byte {
	for r.at < len(r.text) {
		switch c := r.text[r.at]; c {
		case ' ', '\t', '\n', '\r':
			r.at++
		default:
			return c
		}
	}
	return 0
}

func (r *Reader) expect(c byte) {
	if r.failed = r.failed || r.next() != c; !r.failed {
		r.at++
	}
}

// word reads what is neither a text nor has parts: a number, true, false or null.
func (r *Reader) word() string {
	r.next()
	begin := r.at
	for ; !r.failed && r.at < len(r.text); r.at++ {
		if c := r.text[r.at]; c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			break
		}
	}
	return r.text[begin:r.at]
}
