package cfi

// assembler writes tables.
type assembler struct {
	b  []byte
	eh bool
}

func (a *assembler) u32(v uint32) { a.b = append(a.b, byte(v), byte(v>>8), byte(v>>16), byte(v>>24)) }

func (a *assembler) u64(v uint64) {
	a.u32(uint32(v))
	a.u32(uint32(v >> 32))
}

// close writes the length of an entry that began at an offset, padded with nops.
func (a *assembler) close(at int) {
	for len(a.b)%8 != 0 {
		a.b = append(a.b, opNop)
	}
	length := uint32(len(a.b) - at - 4)
	a.b[at], a.b[at+1], a.b[at+2], a.b[at+3] = byte(length), byte(length>>8), byte(length>>16), byte(length>>24)
}

// common writes a common information entry, with data factor -8, and returns its offset.
func (a *assembler) common(augmentation string, data []byte, program ...byte) int {
	at := len(a.b)
	a.u32(0)
	if a.eh {
		a.u32(0)
	} else {
		a.u32(0xffffffff)
	}
	a.b = append(a.b, 1)
	a.b = append(a.b, augmentation...)
	a.b = append(a.b, 0, 1, 0x78, 16) // factors 1 and -8, return address in 16
	if augmentation != "" {
		a.b = append(a.b, byte(len(data)))
		a.b = append(a.b, data...)
	}
	a.b = append(a.b, program...)
	a.close(at)
	return at
}

// entry writes a frame description entry with addresses of eight bytes, and returns its offset.
func (a *assembler) entry(common int, augmented bool, begin, length uint64, program ...byte) int {
	at := len(a.b)
	a.u32(0)
	if a.eh {
		a.u32(uint32(len(a.b) - common))
	} else {
		a.u32(uint32(common))
	}
	a.u64(begin)
	a.u64(length)
	if augmented {
		a.b = append(a.b, 0)
	}
	a.b = append(a.b, program...)
	a.close(at)
	return at
}
