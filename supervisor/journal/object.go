package journal

import (
	"errors"
	"strconv"
	"strings"
)

// object is a JSON object that is being written or read. A type lists its members once, in a
// function that does both, so that nothing can be written and not read. Members that are zero
// are not written. Members are read in the order in which they are listed, which therefore
// must not change; new ones may come anywhere between them.
type object struct {
	out     []byte // the text written so far
	in      string // the text still to be read
	reading bool
	comma   bool // a member has come before
	err     error
}

var errForm = errors.New("not in the form of a journal")

// fail keeps the first error, and ends the reading.
func (o *object) fail(err error) {
	if o.err == nil {
		o.err = err
	}
	o.in = ""
}

// member begins a member, or reports whether it comes next.
func (o *object) member(name string) bool {
	if o.reading {
		return o.comesNext(name)
	}
	o.begin(name)
	return true
}

func (o *object) begin(name string) {
	if o.comma {
		o.out = append(o.out, ',')
	}
	o.out = append(append(append(o.out, '"'), name...), `":`...)
	o.comma = true
}

func (o *object) comesNext(name string) bool {
	rest := o.in
	if o.comma {
		if rest == "" || rest[0] != ',' {
			return false
		}
		rest = rest[1:]
	}
	if len(rest) < len(name)+3 || rest[0] != '"' || rest[1:1+len(name)] != name || rest[1+len(name):3+len(name)] != `":` {
		return false
	}
	o.in, o.comma = rest[len(name)+3:], true
	return true
}

// token writes or expects a fixed text.
func (o *object) token(text string) {
	if !o.reading {
		o.out = append(o.out, text...)
		return
	}
	rest, found := strings.CutPrefix(o.in, text)
	if !found {
		o.fail(o.unexpected())
		return
	}
	o.in = rest
}

// unexpected says why the next member cannot be read.
func (o *object) unexpected() error {
	const most = 40
	rest := strings.TrimPrefix(o.in, ",")
	if name, _, ok := strings.Cut(strings.TrimPrefix(rest, `"`), `":`); ok && rest[0] == '"' && len(name) <= most {
		return errors.New("unknown member " + strconv.Quote(name) + ": a later version of supervise wrote it, or it belongs elsewhere")
	}
	return errForm
}

// value writes or reads an object, whose members are listed by fields.
func value[T any](o *object, v *T, fields func(*object, *T)) {
	o.token("{")
	o.comma = false
	fields(o, v)
	o.token("}")
	o.comma = true
}

// nested is a member that is an object.
func nested[T comparable](o *object, name string, v *T, fields func(*object, *T)) {
	if (o.reading || *v != *new(T)) && o.member(name) {
		value(o, v, fields)
	}
}

// part is nested for a member that is always there.
func part[T any](o *object, name string, v *T, fields func(*object, *T)) {
	if o.member(name) {
		value(o, v, fields)
	} else {
		o.fail(o.unexpected())
	}
}

// optional is a member that is a pointer to an object.
func optional[T any](o *object, name string, v **T, fields func(*object, *T)) {
	if (!o.reading && *v == nil) || !o.member(name) {
		return
	}
	if o.reading {
		*v = new(T)
	}
	value(o, *v, fields)
}

// array is a member that is an array of objects.
func array[T any](o *object, name string, v *[]T, fields func(*object, *T)) {
	if (!o.reading && len(*v) == 0) || !o.member(name) {
		return
	}
	o.token("[")
	for i := 0; o.reading && o.err == nil && !strings.HasPrefix(o.in, "]") || !o.reading && i < len(*v); i++ {
		if i > 0 {
			o.token(",")
		}
		if o.reading {
			*v = append(*v, *new(T))
		}
		value(o, &(*v)[i], fields)
	}
	o.token("]")
	o.comma = true
}

// last is the last member of the outermost object: an object as text.
func (o *object) last(name string, v *string) {
	switch {
	case !o.member(name):
		o.fail(o.unexpected())
	case !o.reading:
		o.out = append(o.out, *v...)
	default:
		end := max(len(o.in)-len("}"), 0)
		*v, o.in = o.in[:end], o.in[end:]
	}
}

// digits reads the digits of a number.
func (o *object) digits() string {
	end := strings.IndexAny(o.in, ",}]")
	if end < 0 {
		o.fail(errForm)
		return ""
	}
	digits := o.in[:end]
	o.in = o.in[end:]
	return digits
}
