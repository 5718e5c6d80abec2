package segment

import (
	"strconv"
	"sync/atomic"
	"unsafe"

	"supervise/internal/ipc/owner"
	"supervise/internal/sys"
	"supervise/supervisor/status"
)

// ErrLayout says that a segment is no board of this version.
const ErrLayout = constant("not a board of version 1")

// constant is an error that there is before variables are initialised.
type constant string

func (c constant) Error() string { return string(c) }

// layoutError is [ErrLayout] and what is wrong.
type layoutError struct{ text string }

func (e *layoutError) Error() string { return ErrLayout.Error() + ": " + e.text }
func (e *layoutError) Unwrap() error { return ErrLayout }

// View is a segment, its header checked. The zero View is none, and has no slots.
type View struct {
	memory []byte
	header *header
	slots  []status.Slot
}

// Size is how many bytes a segment has for that many slots.
func Size(capacity int) int { return headerSize + capacity*slotSize }

// Head is what the writer says in a segment's header.
type Head struct {
	Capacity, Used int // slots, at all and in use
	Owner          owner.Owner
	Generation     uint64
}

// Format writes the header of a new segment, which nobody else may attach yet. Its writer is
// at work.
func Format(memory []byte, h Head) (View, error) {
	*(*header)(unsafe.Pointer(&memory[0])) = header{
		magic: magic, version: Version, headerSize: headerSize, slotSize: slotSize,
		capacity: uint32(h.Capacity), used: uint32(h.Used),
		pid: int32(h.Owner.PID), start: h.Owner.Start, generation: h.Generation, busy: 1,
	}
	return Look(memory)
}

// Look looks at memory, which anybody may have written. It must be aligned to eight bytes,
// as segments are. [ErrLayout] says that it is none.
func Look(memory []byte) (v View, err error) {
	v, ok := look(memory)
	if ok {
		return v, nil
	}
	if len(memory) < headerSize {
		return v, &layoutError{strconv.Itoa(len(memory)) + " bytes"}
	}
	h := (*header)(unsafe.Pointer(&memory[0]))
	return View{}, &layoutError{"magic " + number(h.magic) + ", version " + number(h.version) + ", a header of " + number(h.headerSize) +
		" bytes, " + number(h.capacity) + " slots of " + number(h.slotSize) + " in " + strconv.Itoa(len(memory))}
}

// look is Look without a word about what is wrong.
func look(memory []byte) (v View, ok bool) {
	if len(memory) < headerSize {
		return View{}, false
	}
	h := (*header)(unsafe.Pointer(&memory[0]))
	capacity := atomic.LoadUint32(&h.capacity)
	if atomic.LoadUint32(&h.magic) != magic || atomic.LoadUint32(&h.version) != Version ||
		atomic.LoadUint32(&h.headerSize) != headerSize || atomic.LoadUint32(&h.slotSize) != slotSize ||
		capacity > maxSlots || uint64(len(memory)) < headerSize+uint64(capacity)*slotSize {
		return View{}, false
	}
	v = View{memory: memory, header: h}
	if capacity > 0 {
		v.slots = unsafe.Slice((*status.Slot)(unsafe.Pointer(&memory[headerSize])), capacity)
	}
	return v, true
}

func number(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

// Some reports whether there is a segment.
func (v View) Some() bool { return v.header != nil }

// Capacity is how many slots there is room for.
func (v View) Capacity() int { return len(v.slots) }

// Used is how many slots are in use.
func (v View) Used() int {
	if v.header == nil {
		return 0
	}
	return min(int(atomic.LoadUint32(&v.header.used)), len(v.slots))
}

// Generation counts the segments of an owner, from 1.
func (v View) Generation() uint64 { return atomic.LoadUint64(&v.header.generation) }

// Moved reports whether there is a newer segment, or none any more.
func (v View) Moved() bool { return atomic.LoadUint32(&v.header.moved) != 0 }

// Busy reports whether the writer is at work: others may know more already than is shown,
// from its log.
func (v View) Busy() bool { return atomic.LoadUint32(&v.header.busy) != 0 }

// Worked is when the writer was last at work, in seconds since 1970; 0 if that is not known.
func (v View) Worked() int64 { return int64(atomic.LoadUint32(&v.header.worked)) }

func (v View) owner() owner.Owner {
	return owner.Owner{PID: int(atomic.LoadInt32(&v.header.pid)), Start: atomic.LoadUint64(&v.header.start)}
}

// Load reads slot i, of those that there is room for. Texts that the service has already
// are not made anew. It is not complete if the slot has no room for all that there is to
// say, or could not be read whole: the owner died, or was stopped, while it wrote.
func (v View) Load(i int, s *status.Service) (complete bool) {
	complete, _ = v.load(i, s)
	return complete
}

func (v View) load(i int, s *status.Service) (complete, whole bool) {
	var content status.Slot
	whole = load(&v.slots[i], &content)
	complete = content.Unpack(s)
	return complete && whole, whole
}

// Read reads slot i, of those that there is room for, as it is; whole is false if it could not
// be read in one piece.
func (v View) Read(i int, content *status.Slot) (whole bool) { return load(&v.slots[i], content) }

// Find returns the slot of a service, -1 when there is none of that name. It may be another
// service's by the time that the slot is loaded.
func (v View) Find(name string) int {
	var content status.Slot
	begin := status.NameWord(name)
	for i := range v.Used() {
		slot := &v.slots[i]
		if atomic.LoadUint64(slot.NameWord()) == begin && load(slot, &content) && content.Named(name) {
			return i
		}
	}
	return -1
}

// Snapshot reads all slots in use into services, which is made as long as that.
func (v View) Snapshot(services []status.Service) []status.Service {
	used := v.Used()
	if cap(services) < used {
		services = append(services[:cap(services)], make([]status.Service, used-cap(services))...)
	}
	services = services[:used]
	for i := range services {
		v.Load(i, &services[i])
	}
	return services
}

// Detach lets the segment go. The view must not be used any more.
func (v View) Detach() {
	if v.memory != nil {
		_ = sys.ShmDetach(v.memory)
	}
}
