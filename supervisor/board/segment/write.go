package segment

import "sync/atomic"

// Store writes slot i, of those that there is room for, and reports whether that has
// changed it. There is one writer of a segment.
func (v View) Store(i int, s *Slot) (changed bool) {
	var content rawSlot
	s.pack(&content)
	return v.slots[i].store(&content)
}

// Copy writes all slots of another segment, which has no more of them.
func (v View) Copy(from View) {
	for i := range from.slots {
		content := from.slots[i] // it is the same writer's
		v.slots[i].store(&content)
	}
}

// Use has the first n slots in use. Others become empty.
func (v View) Use(n int) {
	for i := n; i < v.Used(); i++ {
		v.slots[i].store(&rawSlot{})
	}
	atomic.StoreUint32(&v.header.used, uint32(n))
}

// Work says whether the writer is at work.
func (v View) Work(busy bool) { atomic.StoreUint32(&v.header.busy, bit(busy, 1)) }

// Changed counts what was published.
func (v View) Changed() { atomic.AddUint64(&v.header.changes, 1) }

// Leave says that there is a newer segment, or none any more.
func (v View) Leave() { atomic.StoreUint32(&v.header.moved, 1) }
