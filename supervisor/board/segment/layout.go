package segment

import (
	"unsafe"

	"supervise/supervisor/status"
)

// Version is that of the layout, and of the file.
const Version = 1

const magic = 'S' | 'V'<<8 | 'B'<<16 | 'D'<<24 // the bytes in the order of a little-endian machine

const (
	headerSize = 64
	slotSize   = status.SlotSize

	// maxSlots is what a reader believes.
	maxSlots = 1 << 20
)

// header is the beginning of the segment. The fields are read and written atomically, as
// each can change while somebody reads.
type header struct {
	magic      uint32
	version    uint32
	headerSize uint32
	slotSize   uint32
	capacity   uint32
	used       uint32
	moved      uint32
	pid        int32
	start      uint64
	generation uint64
	changes    uint64
	busy       uint32
	worked     uint32
}

// The compiler refuses this if the size ever differs.
var _ [headerSize]byte = [unsafe.Sizeof(header{})]byte{}
