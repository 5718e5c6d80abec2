package symbols

import (
	"slices"

	"supervise/internal/text"
)

// readSections reads the section table, once.
func (f *File) readSections() {
	if f.read {
		return
	}
	f.read = true
	h := f.data.at(0, headerSize)
	at, n, names := order.Uint64(h[40:]), uint64(order.Uint16(h[60:])), uint64(order.Uint16(h[62:]))
	if at == 0 || order.Uint16(h[58:]) != sectionSize {
		return
	}
	first := f.data.at(at, sectionSize)
	if first == nil {
		return
	}
	if n == 0 { // there are more than the header can say
		n = order.Uint64(first[32:])
	}
	if names == 0xffff {
		names = uint64(order.Uint32(first[40:]))
	}
	if n > maxSections || names >= n {
		return
	}
	table := f.data.at(at, n*sectionSize)
	if table == nil {
		return
	}
	header := table[names*sectionSize:]
	strings := f.data.at(order.Uint64(header[24:]), order.Uint64(header[32:]))
	f.sections = make([]section, 0, n)
	for ; len(table) > 0; table = table[sectionSize:] {
		f.sections = append(f.sections, section{
			name: bytesAt(strings, uint64(order.Uint32(table))), kind: order.Uint32(table[4:]), flags: order.Uint64(table[8:]),
			addr: order.Uint64(table[16:]), offset: order.Uint64(table[24:]), size: order.Uint64(table[32:]),
			link: order.Uint32(table[40:]), entry: order.Uint64(table[56:]),
		})
	}
}

// maxName is how long a name of a symbol or a section may be: those of C++ are long.
const maxName = 16 << 10

// stringAt returns the string that begins at an index of a string table.
func stringAt(table []byte, i uint64) string { return string(bytesAt(table, i)) }

func bytesAt(table []byte, i uint64) []byte {
	if i >= uint64(len(table)) {
		return nil
	}
	table = table[i:]
	if len(table) > maxName {
		table = table[:maxName]
	}
	if end := slices.Index(table, 0); end >= 0 {
		table = table[:end]
	}
	return table
}

// section returns the section of that name, nil if there is none with data.
func (f *File) section(name string) *section {
	f.readSections()
	for i := range f.sections {
		if s := &f.sections[i]; string(s.name) == name && s.kind != noBits {
			return s
		}
	}
	return nil
}

// Section returns a section, decompressed: its address in the file and its bytes, nil if
// there is none.
func (f *File) Section(name string) (addr uint64, data []byte) {
	if s := f.section(name); s != nil {
		return s.addr, f.bytes(s)
	}
	// Compressed as before the flag was invented.
	if rest, ok := text.CutPrefix(name, ".debug_"); ok {
		if s := f.section(".zdebug_" + rest); s != nil {
			b := f.data.at(s.offset, s.size)
			if len(b) > 12 && string(b[:4]) == "ZLIB" {
				return s.addr, decompress(Zlib, b[12:], bigEndian(b[4:12]))
			}
		}
	}
	return 0, nil
}

func bigEndian(b []byte) (n uint64) {
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return n
}

func (f *File) bytes(s *section) []byte {
	b := f.data.at(s.offset, s.size)
	if s.flags&compressedFlag == 0 {
		return b
	}
	if len(b) < chdrSize {
		return nil
	}
	return decompress(Compression(order.Uint32(b)), b[chdrSize:], order.Uint64(b[8:]))
}

// chdrSize is the size of Elf64_Chdr.
const chdrSize = 24
