package actor

import (
	"bytes"
	"debug/elf"
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

// image builds the ELF file: elf(5).
func image() ([]byte, error) {
	code, err := functions()
	if err != nil {
		return nil, err
	}
	text := make([]byte, 0x600)
	for i, f := range code {
		copy(text[places[i].offset:], f)
	}
	machine := elf.EM_X86_64
	if runtime.GOARCH == "arm64" {
		machine = elf.EM_AARCH64
	}
	header := elf.Header64{
		Ident: [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:  uint16(elf.ET_EXEC), Machine: uint16(machine), Version: uint32(elf.EV_CURRENT),
		Entry: base + uint64(places[0].offset), Phoff: 64, Ehsize: 64, Phentsize: 56, Phnum: 1,
	}
	segment := elf.Prog64{
		Type: uint32(elf.PT_LOAD), Flags: uint32(elf.PF_R | elf.PF_W | elf.PF_X),
		Vaddr: base, Paddr: base, Filesz: uint64(len(text)), Memsz: size, Align: 0x1000,
	}
	var head bytes.Buffer
	_ = binary.Write(&head, binary.LittleEndian, &header)
	_ = binary.Write(&head, binary.LittleEndian, &segment)
	copy(text, head.Bytes())
	return text, nil
}
