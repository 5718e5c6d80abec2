package actor

import (
	"bytes"
	"debug/elf"
	"testing"
)

// TestImage: the program is an ELF file whose functions are where others call them, on every
// architecture that has an actor, also where none is executed.
func TestImage(t *testing.T) {
	text, err := image()
	if err != nil {
		t.Skip(err)
	}
	file, err := elf.NewFile(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if len(file.Progs) != 1 || file.Type != elf.ET_EXEC || file.Entry != base+uint64(places[0].offset) {
		t.Fatalf("%d segments, %v, entry %#x", len(file.Progs), file.Type, file.Entry)
	}
	if got, want := file.Progs[0].ProgHeader, (elf.ProgHeader{
		Type: elf.PT_LOAD, Flags: elf.PF_R | elf.PF_W | elf.PF_X,
		Vaddr: base, Paddr: base, Filesz: uint64(len(text)), Memsz: size, Align: 0x1000,
	}); got != want {
		t.Errorf("the segment is %+v, want %+v", got, want)
	}
	for i, place := range places {
		if code := text[place.offset : place.offset+8]; bytes.Equal(code, make([]byte, 8)) {
			t.Errorf("function %d is empty", i)
		}
	}
}
