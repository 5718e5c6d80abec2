package mini

import (
	"cmp"
	"io"
	"math"
	"slices"
	"sort"

	"supervise/coredump/elfcore"
)

// page is what memory is copied in. Where the kernel's pages are larger, that is no less right.
const page = 4096

// chunk is a part of the memory that was copied.
type chunk struct {
	start uint64
	data  []byte
}

func (c *chunk) end() uint64 { return c.start + uint64(len(c.data)) }

// space is the memory of a process, and what of it has been copied.
type space struct {
	memory   io.ReaderAt
	segments []elfcore.Segment // in the order of addresses, without any that overlap
	dumped   []elfcore.Segment // those of them that may be copied
	chunks   []chunk           // in the order of addresses, without any that overlap
	room     int64             // how many bytes may still be copied
	refused  int64             // how many bytes there was no room for
}

func newSpace(segments []elfcore.Segment, memory io.ReaderAt, room int64) *space {
	s := &space{memory: memory, room: room}
	sorted := slices.Clone(segments)
	slices.SortStableFunc(sorted, func(a, b elfcore.Segment) int { return cmp.Compare(a.Start, b.Start) })
	var end uint64
	for i := range sorted {
		segment := &sorted[i]
		// The kernel's do not overlap; those of a forged core could multiply what is written.
		if segment.Start < end || segment.Size == 0 {
			continue
		}
		end = segment.End()
		s.segments = append(s.segments, *segment)
		if segment.FileSize > 0 && end <= math.MaxInt64 {
			s.dumped = append(s.dumped, *segment)
		}
	}
	return s
}

// dumpedEnd is the first address of a segment that may not be copied.
func dumpedEnd(s *elfcore.Segment) uint64 { return s.Start + uint64(s.FileSize) }

// find returns the segment with an address, or the next one above it; nil for none.
func (s *space) find(addr uint64) *elfcore.Segment {
	i := sort.Search(len(s.dumped), func(i int) bool { return dumpedEnd(&s.dumped[i]) > addr })
	if i == len(s.dumped) {
		return nil
	}
	return &s.dumped[i]
}

// at returns the segment with an address, nil for none.
func (s *space) at(addr uint64) *elfcore.Segment {
	segment := s.find(addr)
	if segment == nil || segment.Start > addr {
		return nil
	}
	return segment
}

// read reads memory without keeping it, and returns how much of b is filled.
func (s *space) read(b []byte, addr uint64) int {
	if addr > math.MaxInt64-uint64(len(b)) {
		return 0
	}
	n, _ := s.memory.ReadAt(b, int64(addr))
	return n
}

// word reads a pointer; 0 if there is none.
func (s *space) word(addr uint64) uint64 {
	var b [8]byte
	if s.read(b[:], addr) < len(b) {
		return 0
	}
	return order.Uint64(b[:])
}

// add copies the pages from start to end, as far as they are of the segment with start and not
// there already.
func (s *space) add(start, end uint64) {
	segment := s.at(start)
	if segment == nil {
		return
	}
	start = max(start&^(page-1), segment.Start)
	end = min(max(end, start), math.MaxInt64)
	end = min((end+page-1)&^(page-1), dumpedEnd(segment))
	i := sort.Search(len(s.chunks), func(i int) bool { return s.chunks[i].end() > start })
	for start < end {
		to := end
		if i < len(s.chunks) {
			next := &s.chunks[i]
			if next.start <= start {
				start = next.end()
				i++
				continue
			}
			to = min(to, next.start)
		}
		if !s.copy(i, start, to) {
			return
		}
		start = to
		i++
	}
}

// copy copies what is not there yet, as chunk i.
func (s *space) copy(i int, start, end uint64) bool {
	size := int64(end - start)
	if size > s.room {
		s.refused += size - s.room
		size = s.room &^ (page - 1)
	}
	if size == 0 {
		return false
	}
	data := make([]byte, size)
	n := s.read(data, start)
	if whole := int64(n); whole < size {
		data = data[:whole&^(page-1)]
	}
	if len(data) == 0 {
		return false
	}
	s.room -= int64(len(data))
	s.chunks = slices.Insert(s.chunks, i, chunk{start, data})
	return uint64(len(data)) == end-start
}

// each passes what has been copied between start and end, with the chunk that it is in.
func (s *space) each(start, end uint64, look func(addr uint64, data []byte)) {
	i := sort.Search(len(s.chunks), func(i int) bool { return s.chunks[i].end() > start })
	for ; i < len(s.chunks) && s.chunks[i].start < end; i++ {
		look(s.chunks[i].start, s.chunks[i].data)
	}
}
