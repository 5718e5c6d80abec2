package journal

import (
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"supervise/internal/text/escape"
)

// The members of an object that have no members of their own. Most are zero and not written,
// so that what checks for zero is small enough to be inlined.

func boolean(o *object, name string, v *bool) {
	if (o.reading || *v) && o.member(name) {
		o.token("true")
		*v = true
	}
}

func integer[T ~int | ~int32 | ~int64](o *object, name string, v *T) {
	if o.reading || *v != 0 {
		signed(o, name, v)
	}
}

func signed[T ~int | ~int32 | ~int64](o *object, name string, v *T) {
	switch there := o.member(name); {
	case there && o.reading:
		n, err := strconv.ParseInt(o.digits(), 10, 64)
		if *v = T(n); err != nil || int64(*v) != n {
			o.fail(errForm)
		}
	case there:
		o.out = strconv.AppendInt(o.out, int64(*v), 10)
	}
}

func unsigned[T ~uint32 | ~uint64](o *object, name string, v *T) {
	if o.reading || *v != 0 {
		number(o, name, v)
	}
}

// number is a member that is written also when it is zero.
func number[T ~uint32 | ~uint64](o *object, name string, v *T) {
	switch there := o.member(name); {
	case there && o.reading:
		n, err := strconv.ParseUint(o.digits(), 10, 64)
		if *v = T(n); err != nil || uint64(*v) != n {
			o.fail(errForm)
		}
	case there:
		o.out = strconv.AppendUint(o.out, uint64(*v), 10)
	}
}

func text(o *object, name string, v *string) {
	if o.reading || *v != "" {
		quoted(o, name, v)
	}
}

func quoted(o *object, name string, v *string) {
	switch there := o.member(name); {
	case there && o.reading:
		*v = o.readQuoted()
	case there:
		o.quoted(*v)
	}
}

// quoted writes a string. What is not UTF-8 becomes U+FFFD.
func (o *object) quoted(text string) { o.out = escape.AppendJSONText(o.out, text) }

func (o *object) readQuoted() (text string) {
	if !strings.HasPrefix(o.in, `"`) {
		o.fail(errForm)
		return ""
	}
	end, plain := 1, true
	for ; end < len(o.in) && o.in[end] != '"'; end++ {
		if o.in[end] == '\\' {
			end, plain = end+1, false
		}
	}
	if end >= len(o.in) {
		o.fail(errForm)
		return ""
	}
	token := o.in[:end+1]
	o.in = o.in[end+1:]
	if plain {
		return token[1:end]
	}
	if err := json.Unmarshal([]byte(token), &text); err != nil {
		o.fail(errForm)
	}
	return text
}

// wordy is an enumeration whose values have names that need no escapes.
type wordy interface {
	~uint8
	String() string
}

// word is a member with one of the words that K has for its values, or the number of a value
// that has none.
func word[K wordy](o *object, name string, v *K) {
	if o.reading || *v != 0 {
		kind(o, name, v)
	}
}

// kind is a word that is written also when it is that of zero.
func kind[K wordy](o *object, name string, v *K) {
	switch there := o.member(name); {
	case there && o.reading:
		text := o.readQuoted()
		if k, ok := valueOf[K](text); ok {
			*v = k
			return
		}
		o.fail(errors.New("unknown " + name + " " + strconv.Quote(text) + ": a later supervise wrote it"))
	case there:
		o.out = append(append(append(o.out, '"'), (*v).String()...), '"')
	}
}

// valueOf returns the value that has a word.
func valueOf[K wordy](text string) (K, bool) {
	values, ok := words.Load(reflect.TypeFor[K]())
	if !ok {
		values = valuesOf[K]()
		words.Store(reflect.TypeFor[K](), values)
	}
	if value, ok := values.(map[string]uint8)[text]; ok {
		return K(value), true
	}
	for k := maxWords; k < 1<<8; k++ {
		if K(k).String() == text {
			return K(k), true
		}
	}
	return 0, false
}

// words are the first maxWords words of each type of which one has been read: from
// reflect.Type to map[string]uint8.
var words sync.Map

// maxWords is more than most types have. There are 64 signals.
const maxWords = 65

func valuesOf[K wordy]() map[string]uint8 {
	values := make(map[string]uint8, maxWords)
	for k := maxWords - 1; k >= 0; k-- { // of two with the same word it is the first one
		values[K(k).String()] = uint8(k)
	}
	return values
}
