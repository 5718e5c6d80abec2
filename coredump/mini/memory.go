package mini

import (
	"errors"
	"sort"
)

var errNotCopied = errors.New("the small core does not have this memory")

func (c *Core) first(addr uint64) int {
	return sort.Search(len(c.chunks), func(i int) bool { return c.chunks[i].end() > addr })
}

// ReadAt reads the memory at an address, as far as it is in the core without a gap.
func (c *Core) ReadAt(b []byte, addr int64) (n int, err error) {
	at := uint64(addr)
	for i := c.first(at); n < len(b); i++ {
		if i == len(c.chunks) || c.chunks[i].start > at {
			return n, errNotCopied
		}
		copied := copy(b[n:], c.chunks[i].data[at-c.chunks[i].start:])
		n += copied
		at += uint64(copied)
	}
	return n, nil
}

// Fill writes the memory that the core has over b, which is of the memory at an address, and
// returns how many bytes that was.
func (c *Core) Fill(b []byte, addr uint64) (filled int) {
	end := addr + uint64(len(b))
	for i := c.first(addr); i < len(c.chunks) && c.chunks[i].start < end; i++ {
		chunk := &c.chunks[i]
		from := max(chunk.start, addr)
		filled += copy(b[from-addr:], chunk.data[from-chunk.start:])
	}
	return filled
}

// Each passes the parts between two addresses that the core has.
func (c *Core) Each(start, end uint64, do func(start, end uint64)) {
	for i := c.first(start); i < len(c.chunks) && c.chunks[i].start < end; i++ {
		do(max(c.chunks[i].start, start), min(c.chunks[i].end(), end))
	}
}
