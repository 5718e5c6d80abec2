package symbols

import (
	"sort"
	"strconv"

	"supervise/internal/text"
)

// pcln is .gopclntab of a program in Go: runtime/symtab.go, pcHeader.
type pcln struct {
	text    uint64 // address of the first function, which the table counts from
	quantum uint64
	count   int
	entries []byte // two u32 for each function: where it begins, where its record is in records
	records []byte

	names, units, files, values []byte
}

const (
	magic118 = 0xfffffff0
	magic120 = 0xfffffff1 // and later ones so far

	pclnHeader = 8 + 8*8
)

// goTables returns Go's tables, nil if there are none of a format since Go 1.18.
func (f *File) goTables() *pcln {
	if f.pclnRead {
		return f.pcln
	}
	f.pclnRead = true
	_, b := f.Section(".gopclntab")
	if b == nil {
		_, b = f.Section(".data.rel.ro.gopclntab")
	}
	if len(b) < pclnHeader || b[7] != 8 {
		return nil
	}
	if magic := order.Uint32(b); magic != magic118 && magic != magic120 {
		return nil
	}
	word := func(i int) uint64 { return order.Uint64(b[8+8*i:]) }
	part := func(i int) []byte { return b[min(word(i), uint64(len(b))):] }
	p := &pcln{quantum: uint64(b[6]), names: part(3), units: part(4), files: part(5), values: part(6), records: part(7)}
	if n := word(0); n < uint64(len(p.records)/8) {
		p.count = int(n)
	}
	p.entries = p.records[:8*p.count]
	p.text = f.goText(word(2))
	f.pcln = p
	return p
}

// textInModule is the offset of text in runtime.moduledata.
const textInModule = 22 * 8

// goText returns the address of runtime.text. Until Go 1.25 the header has it, unless the
// program is to be relocated; since then moduledata does, with the same exception. Without
// cgo it is that of the section.
func (f *File) goText(header uint64) uint64 {
	text := f.section(".text")
	if text == nil {
		return header
	}
	inside := func(addr uint64) bool { return addr >= text.addr && addr-text.addr < text.size }
	if inside(header) {
		return header
	}
	if _, module := f.Section(".go.module"); len(module) >= textInModule+8 {
		if addr := order.Uint64(module[textInModule:]); inside(addr) {
			return addr
		}
	}
	return text.addr
}

// GoFrame is what Go's tables say of an address.
type GoFrame struct {
	Name string
	Size uint64 // bytes between SP and the return address
	Top  bool   // the function has no caller
}

// GoFrame looks for an address of the file in Go's tables.
func (f *File) GoFrame(pc uint64) (GoFrame, bool) {
	p := f.goTables()
	if p == nil {
		return GoFrame{}, false
	}
	entry, record := p.find(pc)
	if record == nil {
		return GoFrame{}, false
	}
	size, ok := p.value(order.Uint32(record[16:]), entry, pc)
	if !ok || size < 0 {
		return GoFrame{}, false
	}
	const topFrame = 1
	return GoFrame{Name: p.name(record), Size: uint64(size), Top: record[41]&topFrame != 0}, true
}

// IsGo reports whether the file has Go's tables.
func (f *File) IsGo() bool { return f.goTables() != nil }

// goFunction returns the function at an address, with its source.
func (f *File) goFunction(pc uint64) (Function, bool) {
	p := f.goTables()
	if p == nil {
		return Function{}, false
	}
	entry, record := p.find(pc)
	if record == nil {
		return Function{}, false
	}
	return Function{Name: p.name(record), Addr: entry, Source: p.source(record, entry, pc)}, true
}

const funcSize = 44 // of struct _func, without what follows it

// find returns where the function with an address begins, and its record; nil if there is
// none.
func (p *pcln) find(pc uint64) (entry uint64, record []byte) {
	if p.count == 0 || pc < p.text || pc-p.text >= 1<<32 {
		return 0, nil
	}
	offset := uint32(pc - p.text)
	at := func(i int) uint32 { return order.Uint32(p.entries[8*i:]) }
	i := sort.Search(p.count, func(i int) bool { return at(i) > offset }) - 1
	if i < 0 {
		return 0, nil
	}
	if i == p.count-1 && offset >= order.Uint32(p.records[8*p.count:]) { // where the last one ends
		return 0, nil
	}
	from := uint64(order.Uint32(p.entries[8*i+4:]))
	if from+funcSize > uint64(len(p.records)) {
		return 0, nil
	}
	return p.text + uint64(at(i)), p.records[from : from+funcSize]
}

func (p *pcln) name(record []byte) string {
	return stringAt(p.names, uint64(order.Uint32(record[4:])))
}

// source returns the file, with its folder, and the line of an address.
func (p *pcln) source(record []byte, entry, pc uint64) string {
	file, ok := p.value(order.Uint32(record[20:]), entry, pc)
	line, ok2 := p.value(order.Uint32(record[24:]), entry, pc)
	if !ok || !ok2 || file < 0 || line <= 0 {
		return ""
	}
	unit := 4 * (uint64(order.Uint32(record[32:])) + uint64(file))
	if unit+4 > uint64(len(p.units)) {
		return ""
	}
	path := stringAt(p.files, uint64(order.Uint32(p.units[unit:])))
	if i := text.LastIndexByte(path, '/'); i > 0 {
		path = path[text.LastIndexByte(path[:i], '/')+1:]
	}
	if path == "" {
		return ""
	}
	return path + ":" + strconv.Itoa(int(line))
}

// value returns the value at pc of a table of values, which are pairs of differences: of the
// value, zigzag, and of the address. runtime/symtab.go, step.
func (p *pcln) value(offset uint32, entry, pc uint64) (value int32, ok bool) {
	if offset == 0 || uint64(offset) >= uint64(len(p.values)) {
		return 0, false
	}
	b, value := p.values[offset:], int32(-1)
	for first := true; ; first = false {
		delta, n := varint(b)
		if n == 0 || delta == 0 && !first {
			return 0, false
		}
		b = b[n:]
		step, n := varint(b)
		if n == 0 {
			return 0, false
		}
		b = b[n:]
		value += int32(delta>>1) ^ -int32(delta&1)
		if entry += uint64(step) * p.quantum; pc < entry {
			return value, true
		}
	}
}

// varint returns a number of at most 32 bits, and its length, 0 if it is none.
func varint(b []byte) (v uint32, n int) {
	for shift := uint(0); shift < 35 && n < len(b); shift += 7 {
		c := b[n]
		n++
		v |= uint32(c&0x7f) << shift
		if c < 0x80 {
			return v, n
		}
	}
	return 0, 0
}
