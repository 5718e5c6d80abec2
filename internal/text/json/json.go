package json

import (
	"iter"

	"supervise/internal/text"
)

// Reader reads one value after the other from a text. After the first thing that it did
// not expect, everything that it returns is empty, and [Reader.OK] false.
type Reader struct {
	text   string
	at     int
	first  bool // a bracket was opened, and nothing has followed yet
	failed bool
}

// NewReader returns a reader at the beginning of a text.
func NewReader(text string) *Reader { return &Reader{text: text} }

// Over is [NewReader] where nothing is to be allocated.
func Over(text string) Reader { return Reader{text: text} }

// OK reports whether everything was as expected.
func (r *Reader) OK() bool { return !r.failed }

// End reports whether everything was as expected, and this is the end of the text.
func (r *Reader) End() bool { return !r.failed && r.next() == 0 && r.at == len(r.text) }

// Fail says that a value was not what the caller expected.
func (r *Reader) Fail() { r.failed = true }

// Members yields the names of an object's members. The loop reads the value of each, by
// one of the other methods.
func (r *Reader) Members() iter.Seq[string] {
	return func(yield func(string) bool) {
		r.Begin('{')
		for r.More('}') {
			name := r.String()
			r.expect(':')
			if r.failed || !yield(name) {
				return
			}
		}
	}
}

// Elements yields once for each element of an array, which the loop reads.
func (r *Reader) Elements() iter.Seq[int] {
	return func(yield func(int) bool) {
		r.Begin('[')
		for n := 0; r.More(']') && yield(n); n++ {
			continue
		}
	}
}

// Begin reads an opening bracket. With [Reader.More], and [Reader.Name] in an object, it is
// what the iterators are made of; these three and [Reader.Plain], Int, Uint and Bool
// allocate nothing.
func (r *Reader) Begin(open byte) {
	r.expect(open)
	r.first = true
}

// More reads what stands between two items, or the closing bracket, and reports whether there
// is another item.
func (r *Reader) More(end byte) bool {
	first := r.first
	r.first = false
	switch {
	case r.failed:
		return false
	case r.next() == end:
		r.at++
		return false
	case !first:
		r.expect(',')
	}
	return !r.failed
}

// Name reads the name of a member, which has no escapes.
func (r *Reader) Name() string {
	name := r.Plain()
	r.expect(':')
	return name
}

// Plain reads a text that has no escapes.
func (r *Reader) Plain() string {
	plain, escapes := r.quoted()
	if r.failed = r.failed || escapes; r.failed {
		return ""
	}
	return plain
}

// String reads a text.
func (r *Reader) String() string {
	between, escapes := r.quoted()
	if escapes && !r.failed {
		between, r.failed = unescape(between)
	}
	return between
}

// quoted returns what stands between quotation marks, and whether there are escapes.
func (r *Reader) quoted() (between string, escapes bool) {
	r.expect('"')
	begin := r.at
	for ; !r.failed && r.at < len(r.text) && r.text[r.at] != '"'; r.at++ {
		if r.text[r.at] == '\\' {
			escapes = true
			r.at++
		}
	}
	end := min(r.at, len(r.text))
	if r.expect('"'); r.failed {
		return "", false
	}
	return r.text[begin:end], escapes
}

// Int reads a number without fraction and exponent.
func (r *Reader) Int() int64 {
	word, most := r.word(), uint64(1<<63-1)
	digits, negative := text.CutPrefix(word, "-")
	if negative {
		most++
	}
	n, ok := text.Uint(digits, most)
	r.failed = r.failed || !ok
	if negative {
		return -int64(n)
	}
	return int64(n)
}

// Uint reads one that is not negative.
func (r *Reader) Uint() uint64 {
	n, ok := text.Uint(r.word(), 1<<64-1)
	r.failed = r.failed || !ok
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

// deepest is how many brackets are open at once in what is skipped.
const deepest = 64

// Skip reads a value of any kind.
func (r *Reader) Skip() {
	objects, depth := uint64(0), 0 // of the brackets that are open, a bit for each: it is of an object
	for !r.failed {
		switch c := r.next(); c {
		case '{', '[':
			objects <<= 1
			if c == '{' {
				objects++
			}
			depth++
			r.failed = depth > deepest
			r.Begin(c)
		case '"':
			r.quoted()
		default:
			r.failed = r.failed || r.word() == ""
		}
		for depth > 0 && !r.More("]}"[objects&1]) {
			objects >>= 1
			depth--
		}
		if depth == 0 {
			return
		}
		if objects&1 != 0 {
			r.quoted()
			r.expect(':')
		}
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
