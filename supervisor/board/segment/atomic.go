package segment

import (
	"sync/atomic"
	"unsafe"
)

// words is a slot as the memory is accessed: word by word, each atomically, so that what
// is read is what was written, in this order, on every machine.
type words [slotWords]uint64

func wordsOf(raw *rawSlot) *words { return (*words)(unsafe.Pointer(raw)) }

// store writes a slot's content with the sequence odd meanwhile, unless that is there
// already. There is one writer.
func (raw *rawSlot) store(content *rawSlot) (changed bool) {
	content.sequence = raw.sequence
	if *raw == *content { // reading what only we write
		return false
	}
	sequence := atomic.LoadUint32(&raw.sequence) | 1
	atomic.StoreUint32(&raw.sequence, sequence)
	atomic.StoreUint32(&raw.flags, content.flags)
	to, from := wordsOf(raw), wordsOf(content)
	for i := 1; i < slotWords; i++ {
		if from[i] != to[i] {
			atomic.StoreUint64(&to[i], from[i])
		}
	}
	atomic.StoreUint32(&raw.sequence, sequence+1)
	return true
}

// tries is how often a slot is read that changes meanwhile: a writer takes well below a
// microsecond for one.
const tries = 64

// load reads a slot; whole is false when that was not possible.
func (raw *rawSlot) load(content *rawSlot) (whole bool) {
	to, from := wordsOf(content), wordsOf(raw)
	for range tries {
		before := atomic.LoadUint32(&raw.sequence)
		content.flags = atomic.LoadUint32(&raw.flags)
		for i := 1; i < slotWords; i++ {
			to[i] = atomic.LoadUint64(&from[i])
		}
		if before&1 == 0 && atomic.LoadUint32(&raw.sequence) == before {
			return true
		}
	}
	return false
}

// named reports whether a slot is that of a service, as it is in this moment.
func (raw *rawSlot) named(name string) bool {
	var content rawSlot
	if len(name) > maxName || !raw.load(&content) {
		return false
	}
	return string(content.name[:len(name)]) == name && (len(name) == maxName || content.name[len(name)] == 0)
}
