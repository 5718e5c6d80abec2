package actor

import (
	"bytes"
	"encoding/binary"
	"runtime"
)

// The memory of an actor: one segment, all of it readable, writable and executable.
const (
	base = 0x400000
	size = 0x40000

	// Handlers, for sigaction(2).
	Note     = base + 0x300
	Hold     = base + 0x400
	Restorer = base + 0x500

	// Scratch is memory for what system calls are told by pointers, and from ScratchEnd
	// down for the stack of another thread.
	Scratch    = base + 0x10000
	ScratchEnd = base + size
)

// places are where the functions are in an image, and how long they may be. The order is
// that of [functions].
var places = [5]struct{ offset, room int }{
	{0x100, 0x100}, // entry
	{0x200, 0x100}, // serve
	{Note - base, 0x100},
	{Hold - base, 0x100},
	{Restorer - base, 0x100},
}

// The parts of an ELF file that are needed: elf(5). Package debug/elf would cost every command
// start-up time, and bring package debug/dwarf along.
type (
	fileHeader struct {
		Ident         [16]byte
		Type, Machine uint16
		Version       uint32
		Entry         uint64
		Segments      uint64 // where they are described
		_             [12]byte
		Size          uint16
		SegmentSize   uint16
		SegmentCount  uint16
		_             [6]byte
	}
	segmentHeader struct {
		Type, Flags              uint32
		Offset                   uint64
		Address, PhysicalAddress uint64
		FileSize, MemorySize     uint64
		Align                    uint64
	}
)

// image builds the ELF file.
func image() ([]byte, error) {
	code, err := functions()
	if err != nil {
		return nil, err
	}
	text := make([]byte, 0x600)
	for i, f := range code {
		copy(text[places[i].offset:], f)
	}
	machine := uint16(62) // EM_X86_64
	if runtime.GOARCH == "arm64" {
		machine = 183 // EM_AARCH64
	}
	header := fileHeader{
		Ident: [16]byte{0x7f, 'E', 'L', 'F', 2, 1, 1}, // ELFCLASS64, ELFDATA2LSB, EV_CURRENT
		Type:  2, Machine: machine, Version: 1,        // ET_EXEC, EV_CURRENT
		Entry: base + uint64(places[0].offset), Segments: 64, Size: 64, SegmentSize: 56, SegmentCount: 1,
	}
	segment := segmentHeader{
		Type: 1, Flags: 7, // PT_LOAD, PF_R|PF_W|PF_X
		Address: base, PhysicalAddress: base, FileSize: uint64(len(text)), MemorySize: size, Align: 0x1000,
	}
	var head bytes.Buffer
	_ = binary.Write(&head, binary.LittleEndian, &header)
	_ = binary.Write(&head, binary.LittleEndian, &segment)
	copy(text, head.Bytes())
	return text, nil
}
