package json

import (
	"iter"
	"strconv"

	"supervise/internal/text/escape"
)

// Writer writes objects. Every member begins with [Writer.Member], and has one value.
type Writer struct{ text []byte }

// NewWriter returns a writer that appends to a text.
func NewWriter(text []byte) *Writer { return &Writer{text} }

// Text is what was written.
func (w *Writer) Text() []byte { return w.text }

// Open begins an object.
func (w *Writer) Open() { w.text = append(w.text, '{') }

// Close ends it.
func (w *Writer) Close() { w.text = append(w.text, '}') }

// Member begins a member of the object. Its name needs no escapes.
func (w *Writer) Member(name string) *Writer {
	if w.text[len(w.text)-1] != '{' {
		w.text = append(w.text, ',')
	}
	w.text = append(w.text, '"')
	w.text = append(w.text, name...)
	w.text = append(w.text, `":`...)
	return w
}

// String writes a text; what is not UTF-8 becomes U+FFFD.
func (w *Writer) String(text string) { w.text = escape.AppendJSONText(w.text, text) }

// Strings writes an array of texts.
func (w *Writer) Strings(texts iter.Seq[string]) {
	w.text = append(w.text, '[')
	for text := range texts {
		if w.text[len(w.text)-1] != '[' {
			w.text = append(w.text, ',')
		}
		w.String(text)
	}
	w.text = append(w.text, ']')
}

// Int writes a number.
func (w *Writer) Int(n int64) { w.text = strconv.AppendInt(w.text, n, 10) }

// Uint writes a number.
func (w *Writer) Uint(n uint64) { w.text = strconv.AppendUint(w.text, n, 10) }

// Bool writes true or false.
func (w *Writer) Bool(b bool) { w.text = strconv.AppendBool(w.text, b) }

// Null writes null.
func (w *Writer) Null() { w.text = append(w.text, "null"...) }

// Time writes nanoseconds since 1970 as package time marshals that time in UTC: RFC 3339,
// the fraction as short as can be. None is negative; 0, which means none, is the zero
// time.Time.
func (w *Writer) Time(ns int64) {
	if ns == 0 {
		w.text = append(w.text, `"`+noTime+`"`...)
		return
	}
	seconds, fraction := ns/1e9, ns%1e9
	year, month, day := date(seconds / 86400)
	w.text = append(w.text, '"')
	w.digits(year, 1000, "-")
	w.digits(month, 10, "-")
	w.digits(day, 10, "T")
	w.digits(seconds/3600%24, 10, ":")
	w.digits(seconds/60%60, 10, ":")
	w.digits(seconds%60, 10, ".")
	w.digits(fraction, 1e8, "")
	end := len(w.text)
	for w.text[end-1] == '0' {
		end--
	}
	if w.text[end-1] == '.' {
		end--
	}
	w.text = append(w.text[:end], `Z"`...)
}

// digits writes a number with as many digits as top has, a power of ten, and what stands behind it.
func (w *Writer) digits(n, top int64, behind string) {
	for ; top > 0; top /= 10 {
		w.text = append(w.text, byte('0'+n/top%10))
	}
	w.text = append(w.text, behind...)
}
