//go:build linux && (amd64 || arm64)

package plain

import (
	"unsafe"

	"supervise/internal/sys"
	"supervise/internal/text"
	"supervise/signals/intake/boot"
	"supervise/supervisor/board/segment"
	"supervise/supervisor/status"
)

// status prints how services stand, by the board. What it exits with is by LSB: 3 when a
// service that was named does not run.
func (c *command) status() (code int, done bool) {
	path := c.file(segment.FileName)
	if path == nil {
		return 0, false
	}
	board := segment.Open(path, memory.file[:])
	if !rests(&board) { // look first: what was shown before is told to nobody any more
		return 0, false
	}
	slots, ok := c.all(&board)
	if c.count > 0 {
		slots, code, ok = c.named(&board)
	}
	if !ok || board.Moved() {
		return 0, false
	}
	return code, c.table(slots)
}

// The supervisor takes less than a millisecond for nearly everything that it does at once. To
// enter the runtime and to ask it takes longer.
const (
	looks = 50
	pause = 100_000 // nanoseconds
)

// rests waits a moment for the supervisor not to be at work, when who asks may know more already
// than is shown, and reports whether it is not.
func rests(board *segment.View) bool {
	if !board.Some() {
		return false
	}
	for range looks {
		if !board.Busy() {
			return true
		}
		sys.Sleep(pause)
	}
	return false
}

// all reads all services; slots of none are empty.
func (c *command) all(board *segment.View) (slots []status.Slot, ok bool) {
	used, n := board.Used(), 0
	if used > mostServices || c.count > 0 {
		return nil, false
	}
	sys.Populate(unsafe.Slice((*byte)(unsafe.Pointer(&memory.slots)), used*status.SlotSize))
	for i := range used {
		slot := &memory.slots[n]
		if !board.Read(i, slot) || !slot.ForTable() {
			return nil, false
		}
		if !slot.Named("") {
			n++
		}
	}
	return memory.slots[:n], true
}

// named reads some, in the order in which they are named, and what /proc says of them.
func (c *command) named(board *segment.View) (slots []status.Slot, code int, ok bool) {
	for n := range c.count {
		var s status.Service
		i, slot := board.Find(c.names[n]), &memory.slots[n]
		if i < 0 || !board.Live(i, slot, &s, memory.file[:]) || !slot.Named(c.names[n]) {
			return nil, 0, false
		}
		if s.PID == 0 {
			code = 3
		}
		slot.Keep(&s)
	}
	return memory.slots[:c.count], code, true
}

// room is more than one row of the table takes.
const room = 1 << 10

// table prints services.
func (c *command) table(slots []status.Slot) bool {
	var s status.Service
	b := text.NewBuffer(memory.out[:])
	noColor, _ := boot.LookupIn(c.environ, sys.NoColor)
	t := status.Table{Now: sys.WallTime(), Colors: noColor == "" && sys.Terminal(1)}
	for i := range slots {
		slots[i].View(&s)
		if t.Measure(&b, &s); !s.Plain() {
			return false
		}
	}
	t.AddHead(&b)
	for i := range slots {
		slots[i].View(&s)
		t.AddRow(&b, &s)
		if b.Len() > len(memory.out)-room && !c.print(&b) {
			return false
		}
	}
	return c.print(&b)
}
