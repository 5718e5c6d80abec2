package segment

import "unsafe"

// Version is that of the layout, and of the file.
const Version = 1

const magic = 'S' | 'V'<<8 | 'B'<<16 | 'D'<<24 // the bytes in the order of a little-endian machine

const (
	headerSize = 64
	slotSize   = 256
	slotWords  = slotSize / 8

	// maxSlots is what a reader believes.
	maxSlots = 1 << 20
)

// Lengths of texts, in bytes. Longer ones are cut.
const (
	maxState  = 16
	maxSender = 16
	maxName   = 80
	MaxBlame  = 48
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
	_          uint32
}

// rawSlot is one slot as it lies in memory.
type rawSlot struct {
	sequence    uint32
	flags       uint32
	since       int64
	next        int64
	restarts    uint64
	pid         int32
	code        int32
	signal      int32
	senderPID   int32
	senderUID   uint32
	held        uint32
	exited      int64
	sigqUsed    uint64
	sigqLimit   uint64
	rung, rungs uint32
	wanted      uint32
	_           uint32
	state       [maxState]byte
	sender      [maxSender]byte
	name        [maxName]byte
	blame       [MaxBlame]byte
}

// The compiler refuses these if the sizes ever part.
var (
	_ [headerSize]byte = [unsafe.Sizeof(header{})]byte{}
	_ [slotSize]byte   = [unsafe.Sizeof(rawSlot{})]byte{}
)

// The flags of a slot.
const (
	flagReady = 1 << iota
	flagExited
	flagCore
	flagPaused
	flagMore
)
