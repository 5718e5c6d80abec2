package explain

import (
	"cmp"
	"slices"
	"sort"

	"supervise/coredump/elfcore"
)

// memory reads the memory of a core. A stack is read in words, so that it keeps blocks.
type memory struct {
	core     *elfcore.Core
	segments []elfcore.Segment // in the order of addresses
	blocks   [cachedBlocks]*block
}

type block struct {
	addr  uint64
	valid bool
	bytes [blockSize]byte
}

// A page is read in blocks, which have what is needed of most stacks.
const (
	pageSize     = 4096
	blockSize    = 1024
	cachedBlocks = 16
)

func newMemory(core *elfcore.Core) memory {
	m := memory{core: core, segments: core.Segments}
	byStart := func(a, b elfcore.Segment) int { return cmp.Compare(a.Start, b.Start) }
	if !slices.IsSortedFunc(m.segments, byStart) {
		m.segments = slices.Clone(m.segments)
		slices.SortFunc(m.segments, byStart)
	}
	return m
}

// read fills b with what the core has at addr, false if it has not all of it.
func (m *memory) read(addr uint64, b []byte) bool {
	if in := m.inBlock(addr, len(b)); in != nil {
		copy(b, in)
		return true
	}
	n, err := m.core.ReadMemory(b, addr) // a part of the block may be there
	return err == nil && n == len(b)
}

// inBlock returns n bytes at addr if they are in one block, of which the core has all. They are
// valid until the next call.
func (m *memory) inBlock(addr uint64, n int) []byte {
	offset := addr % blockSize
	if offset+uint64(n) > blockSize {
		return nil
	}
	at := &m.blocks[addr/blockSize%cachedBlocks]
	if *at == nil {
		*at = new(block)
	}
	p := *at
	if !p.valid || p.addr != addr-offset {
		p.addr = addr - offset
		got, err := m.core.ReadMemory(p.bytes[:], p.addr)
		if p.valid = err == nil && got == len(p.bytes); !p.valid {
			return nil
		}
	}
	return p.bytes[offset : offset+uint64(n)]
}

func (m *memory) word(addr uint64) (uint64, bool) {
	var b [8]byte
	ok := m.read(addr, b[:])
	return order.Uint64(b[:]), ok
}

// prefix returns up to n bytes at addr, as many as the core has.
func (m *memory) prefix(addr uint64, n int) []byte {
	b := make([]byte, n)
	got, _ := m.core.ReadMemory(b, addr)
	return b[:got]
}

// text returns the string at addr that ends with a byte 0, false if it is longer than limit or
// not there.
func (m *memory) text(addr uint64, limit int) (string, bool) {
	var b []byte
	for len(b) < limit {
		n := min(blockSize-int(addr%blockSize), limit-len(b))
		part := m.inBlock(addr, n)
		if part == nil {
			part = m.prefix(addr, n)
		}
		if end := slices.Index(part, 0); end >= 0 {
			return string(append(b, part[:end]...)), true
		}
		if len(part) < n {
			return "", false
		}
		b, addr = append(b, part...), addr+uint64(n)
	}
	return "", false
}

// segment returns the segment that has addr, nil if there is none.
func (m *memory) segment(addr uint64) *elfcore.Segment {
	i := sort.Search(len(m.segments), func(i int) bool { return m.segments[i].Start > addr }) - 1
	if i < 0 || addr >= m.segments[i].End() {
		return nil
	}
	return &m.segments[i]
}
