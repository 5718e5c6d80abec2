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
	if len(file.Progs) != 1 || file.Entry != base+uint64(places[0].offset) {
		t.Errorf("%d segments, entry %#x", len(file.Progs), file.Entry)
	}
	for i, place := range places {
		if code := text[place.offset : place.offset+8]; bytes.Equal(code, make([]byte, 8)) {
			t.Errorf("function %d is empty", i)
		}
	}
}
