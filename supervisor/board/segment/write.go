package segment

import (
	"sync/atomic"

	"supervise/supervisor/status"
)

// Store writes slot i, of those that there is room for, and reports whether that has
// changed it. There is one writer of a segment.
func (v View) Store(i int, s *status.Service) (changed bool) {
	var content status.Slot
	content.Pack(s)
	return store(&v.slots[i], &content)
}

// Copy writes all slots of another segment, which has no more of them.
func (v View) Copy(from View) {
	for i := range from.slots {
		content := from.slots[i] // it is the same writer's
		store(&v.slots[i], &content)
	}
}

// Use has the first n slots in use. Others become empty.
func (v View) Use(n int) {
	for i := n; i < v.Used(); i++ {
		store(&v.slots[i], &status.Slot{})
	}
	atomic.StoreUint32(&v.header.used, uint32(n))
}

// Work says whether the writer is at work, and that it is now, in seconds since 1970.
func (v View) Work(busy bool, now int64) {
	value := uint32(0)
	if busy {
		value = 1
	}
	atomic.StoreUint32(&v.header.busy, value)
	atomic.StoreUint32(&v.header.worked, uint32(now))
}

// Changed counts what was published.
func (v View) Changed() { atomic.AddUint64(&v.header.changes, 1) }

// Leave says that there is a newer segment, or none any more.
func (v View) Leave() { atomic.StoreUint32(&v.header.moved, 1) }
