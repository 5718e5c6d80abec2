package text

import "unsafe"

// Buffer is a text that is put together in memory of a fixed size, without allocation. What
// there is no room for is left out, and makes it full.
type Buffer struct {
	memory []byte
	length int
	full   bool
}

// NewBuffer returns an empty text that is to lie in a piece of memory.
func NewBuffer(memory []byte) Buffer { return Buffer{memory: memory} }

// Full reports whether something was left out.
func (b *Buffer) Full() bool { return b.full }

// Len is how many bytes there are.
func (b *Buffer) Len() int { return b.length }

// Bytes are those of the text, and valid until it is changed.
func (b *Buffer) Bytes() []byte { return b.memory[:b.length] }

// Since returns what was added from some length on, valid until it is changed.
func (b *Buffer) Since(length int) string {
	return unsafe.String(unsafe.SliceData(b.memory[length:]), b.length-length)
}

// Cut makes the text as short as it was.
func (b *Buffer) Cut(length int) { b.length = min(b.length, length) }

// Add adds a text.
func (b *Buffer) Add(s string) {
	if len(s) > len(b.memory)-b.length {
		b.full = true
		return
	}
	b.length += copy(b.memory[b.length:], s)
}

// AddByte adds a byte.
func (b *Buffer) AddByte(c byte) {
	if b.length == len(b.memory) {
		b.full = true
		return
	}
	b.memory[b.length] = c
	b.length++
}

// Pad adds blanks until the text has a length.
func (b *Buffer) Pad(length int) {
	for b.length < length && !b.full {
		b.AddByte(' ')
	}
}

// AddUint adds a number in decimal digits, at least as many as least.
func (b *Buffer) AddUint(n uint64, least int) {
	var digits [20]byte
	at := len(digits)
	for n > 0 || len(digits)-at < least {
		at--
		digits[at] = byte('0' + n%10)
		n /= 10
	}
	for at < len(digits) {
		b.AddByte(digits[at])
		at++
	}
}

// AddInt adds a number that may be negative.
func (b *Buffer) AddInt(n int64) {
	if n < 0 {
		b.AddByte('-')
		n = -n
	}
	b.AddUint(uint64(n), 1)
}
