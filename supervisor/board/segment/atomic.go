package segment

import (
	"sync/atomic"
	"unsafe"

	"supervise/supervisor/status"
)

// words is a slot as the memory is accessed: word by word, each atomically, so that what
// is read is what was written, in this order, on every machine. The first word is the
// sequence and the flags, which are accessed apart.
type words [status.SlotSize / 8]uint64

func wordsOf(slot *status.Slot) *words { return (*words)(unsafe.Pointer(slot)) }

// store writes a slot's content with the sequence odd meanwhile, unless that is there
// already. There is one writer.
func store(slot, content *status.Slot) (changed bool) {
	content.Sequence = slot.Sequence
	if *slot == *content { // reading what only we write
		return false
	}
	sequence := atomic.LoadUint32(&slot.Sequence) | 1
	atomic.StoreUint32(&slot.Sequence, sequence)
	atomic.StoreUint32(&slot.Flags, content.Flags)
	to, from := wordsOf(slot), wordsOf(content)
	for i := 1; i < len(to); i++ {
		if from[i] != to[i] {
			atomic.StoreUint64(&to[i], from[i])
		}
	}
	atomic.StoreUint32(&slot.Sequence, sequence+1)
	return true
}

// tries is how often a slot is read that changes meanwhile: a writer takes well below a
// microsecond for one.
const tries = 64

// load reads a slot; whole is false when that was not possible.
func load(slot, content *status.Slot) (whole bool) {
	to, from := wordsOf(content), wordsOf(slot)
	for range tries {
		before := atomic.LoadUint32(&slot.Sequence)
		content.Flags = atomic.LoadUint32(&slot.Flags)
		for i := 1; i < len(to); i++ {
			to[i] = atomic.LoadUint64(&from[i])
		}
		if before&1 == 0 && atomic.LoadUint32(&slot.Sequence) == before {
			return true
		}
	}
	return false
}
