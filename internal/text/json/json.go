package json

import (
	"iter"
	"strconv"
)

// Reader reads the values of a text one after the other. After the first that it does not
// expect, all methods return zero values, and [Reader.OK] false.
type Reader struct {
	text   string
	at     int
	failed bool
}

// NewReader returns a reader at the beginning of a text.
func NewReader(text string) *Reader { return &Reader{text: text} }

// OK reports whether everything was as expected so far.
func (r *Reader) OK() bool { return !r.failed }

// Members yields the names of an object's members. The loop body must read the value of each
// with one of the other methods.
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

// Elements yields once for each element of an array, which the loop body must read.
func (r *Reader) Elements() iter.Seq[int] { return r.items('[', ']') }

// items yields the index of each item between two brackets, separated by commas.
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

// String reads a string. Of the escapes it knows those of quotation mark and backslash.
func (r *Reader) String() string {
	r.expect('"')
	begin, escapes := r.at, false
	for ; !r.failed && r.at < len(r.text) && r.text[r.at] != '"'; r.at++ {
		if r.text[r.at] == '\\' {
			escapes = true
			r.at++
			r.failed = r.at == len(r.text) || r.text[r.at] != '"' && r.text[r.at] != '\\'
		}
	}
	end := r.at
	r.expect('"')
	switch {
	case r.failed:
		return ""
	case escapes:
		return unescape(r.text[begin:end])
	}
	return r.text[begin:end]
}

// unescape removes the backslash in front of each escaped character.
func unescape(text string) string {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' {
			i++
		}
		out = append(out, text[i])
	}
	return string(out)
}

// Int reads a number without fraction or exponent.
func (r *Reader) Int() int64 {
	n, err := strconv.ParseInt(r.word(), 10, 64)
	r.failed = r.failed || err != nil
	return n
}

// Uint reads a number that is not negative.
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

// next returns the next byte that is not white space, or 0 at the end.
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

// word reads a token that is neither a string nor a composite: a number, true, false or null.
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
