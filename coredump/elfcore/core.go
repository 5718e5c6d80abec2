package elfcore

import (
	"cmp"
	"errors"
	"io"
	"slices"
	"sort"
)

// Core is a core whose memory can be read. Its methods may be called at the same time if the
// reader's ReadAt may.
type Core struct {
	Head
	r       io.ReaderAt
	regions []region
}

// region is a part of the memory that is in the file.
type region struct {
	start, end uint64
	offset     int64
}

// Errors of [Core.ReadMemory].
var (
	// ErrNotDumped says that the core does not have the memory: there was none in the process,
	// or the filter or a small core leaves it out.
	ErrNotDumped = errors.New("the core does not have this memory")
	// ErrCut says that the memory would be where the core was cut short.
	ErrCut = errors.New("the core is cut short before this memory")
)

// Open reads the head of a core file of so many bytes. The error says that it is no core at
// all, or that it cannot be read.
func Open(r io.ReaderAt, size int64) (*Core, error) {
	head, err := readHead(file{io.NewSectionReader(r, 0, size)}, size)
	if err != nil {
		return nil, err
	}
	return &Core{Head: *head, r: io.NewSectionReader(r, 0, size), regions: regionsOf(head.Segments)}, nil
}

// regionsOf returns the regions in the order of addresses. Of segments that overlap, as only a
// forged core has them, the one that begins first has the memory.
func regionsOf(segments []Segment) []region {
	regions := make([]region, 0, len(segments))
	for i := range segments {
		if s := &segments[i]; s.FileSize > 0 {
			regions = append(regions, region{s.Start, s.Start + uint64(s.FileSize), s.FileOffset})
		}
	}
	slices.SortStableFunc(regions, func(a, b region) int { return cmp.Compare(a.start, b.start) })
	kept := regions[:0]
	var end uint64
	for _, r := range regions {
		if r.start < end {
			if r.end <= end {
				continue
			}
			r.offset += int64(end - r.start)
			r.start = end
		}
		end = r.end
		kept = append(kept, r)
	}
	return kept
}

// ReadMemory reads the memory at an address. If not all of b is in the core, it returns how
// much is, of the beginning, with [ErrNotDumped] or [ErrCut].
func (c *Core) ReadMemory(b []byte, addr uint64) (n int, err error) {
	i := sort.Search(len(c.regions), func(i int) bool { return c.regions[i].end > addr })
	for ; n < len(b); i++ {
		if i == len(c.regions) || c.regions[i].start > addr {
			return n, ErrNotDumped
		}
		r := &c.regions[i]
		part := b[n:]
		if left := r.end - addr; uint64(len(part)) > left {
			part = part[:left]
		}
		got, err := c.r.ReadAt(part, r.offset+int64(addr-r.start))
		n += got
		if got < len(part) {
			if err == io.EOF || err == nil {
				err = ErrCut
			}
			return n, err
		}
		addr = r.end
	}
	return n, nil
}
