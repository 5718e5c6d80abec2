package board

import (
	"errors"
	"fmt"
	"sync/atomic"
	"unsafe"
)

// ErrLayout says that a segment is no board of this version.
var ErrLayout = errors.New("not a board of version 1")

// view is a segment, its header checked.
type view struct {
	memory []byte
	header *header
	slots  []rawSlot
}

// newView looks at memory, which anybody may have written. It must be aligned to eight
// bytes, as segments are.
func newView(memory []byte) (v view, err error) {
	if len(memory) < headerSize {
		return v, fmt.Errorf("%w: %d bytes", ErrLayout, len(memory))
	}
	h := (*header)(unsafe.Pointer(&memory[0]))
	capacity := atomic.LoadUint32(&h.capacity)
	switch {
	case atomic.LoadUint32(&h.magic) != magic || atomic.LoadUint32(&h.version) != Version:
		return v, fmt.Errorf("%w: magic %#x, version %d", ErrLayout, h.magic, h.version)
	case atomic.LoadUint32(&h.headerSize) != headerSize || atomic.LoadUint32(&h.slotSize) != slotSize:
		return v, fmt.Errorf("%w: a header of %d bytes, slots of %d", ErrLayout, h.headerSize, h.slotSize)
	case capacity > maxSlots || uint64(len(memory)) < headerSize+uint64(capacity)*slotSize:
		return v, fmt.Errorf("%w: %d slots in %d bytes", ErrLayout, capacity, len(memory))
	}
	v = view{memory: memory, header: h}
	if capacity > 0 {
		v.slots = unsafe.Slice((*rawSlot)(unsafe.Pointer(&memory[headerSize])), capacity)
	}
	return v, nil
}

// snapshot reads all slots in use into slots, which is made as long as that.
func (v view) snapshot(slots []Slot) []Slot {
	used := min(int(atomic.LoadUint32(&v.header.used)), len(v.slots))
	if cap(slots) < used {
		slots = append(slots[:cap(slots)], make([]Slot, used-cap(slots))...)
	}
	slots = slots[:used]
	var content rawSlot
	for i := range slots {
		whole := v.slots[i].load(&content)
		content.unpack(&slots[i])
		slots[i].Torn = !whole
	}
	return slots
}
