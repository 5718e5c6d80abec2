package elfcore

import (
	"errors"
	"math"
	"strconv"

	"supervise/internal/little"
	"supervise/internal/text"
)

// Head is all of a core but the memory.
type Head struct {
	Machine Machine
	// Flags is e_flags of the ELF header.
	Flags uint32
	// Segments are the memory, PT_LOAD, in the order of the file: the kernel's are in the order
	// of addresses and do not overlap, a forged core's may be anything.
	Segments []Segment
	Notes    Notes
	// NoteData is what Notes was read from, whole notes one after the other: see [EachNote].
	NoteData []byte
	// Problems say in what way the core is damaged, or where a limit was reached.
	Problems []string

	expected int64
}

// Segment is a part of the address space.
type Segment struct {
	Flags      SegmentFlags
	Start      uint64 // address
	Size       uint64 // bytes in the process; Start+Size does not overflow
	FileOffset int64
	FileSize   int64 // bytes that are in the core, of the beginning; at most Size
}

// SegmentFlags say what the process may do with a segment: PF_* of elf(5).
type SegmentFlags uint32

// The flags.
const (
	Execute SegmentFlags = 1 << iota
	Write
	Read
)

// End is the first address after the segment.
func (s *Segment) End() uint64 { return s.Start + s.Size }

// Expected returns how many bytes a core with this head has if nothing cut it short. It does
// not count the section that a core of more than 65,534 segments ends with.
func (h *Head) Expected() int64 { return h.expected }

// What is read at most. A core that has more is read up to there, with a problem.
const (
	// MaxSegments is more than vm.max_map_count is where it is set high.
	MaxSegments = 1<<20 + 64
	// MaxNotes is in bytes: it holds 20,000 threads with AVX-512 registers.
	MaxNotes = 64 << 20

	maxNoteSegments = 64
	maxProblems     = 16
)

const (
	headerSize        = 64
	programHeaderSize = 56
	sectionHeaderSize = 64

	programLoad = 1
	programNote = 4

	typeCore          = 4      // ET_CORE
	extendedNumber    = 0xffff // PN_XNUM: the number stands in the first section header
	class64, lowFirst = 2, 1
	sectionInfoField  = 44
)

const order = little.Endian

// elfHeader is what of the ELF header matters.
type elfHeader struct {
	machine  Machine
	flags    uint32
	programs int64 // offset of the program headers
	count    int   // of the program headers, or extendedNumber
	sections int64 // offset of the section headers, 0 for none
}

func parseHeader(b []byte) (elfHeader, error) {
	var h elfHeader
	switch {
	case string(b[:4]) != "\x7fELF":
		return h, errors.New("not a core: it does not begin with \"\\x7fELF\"")
	case b[4] != class64 || b[5] != lowFirst:
		return h, errors.New("not a core of a 64-bit little-endian process, the only ones that can be read")
	case order.Uint16(b[16:]) != typeCore:
		return h, errors.New("not a core: an ELF file of type " + number(order.Uint16(b[16:])) + ", and a core is of type " + number(typeCore))
	}
	h.machine = Machine(order.Uint16(b[18:]))
	if h.machine != AMD64 && h.machine != ARM64 {
		return h, errors.New("a core of " + h.machine.String() + "; those of amd64 and arm64 can be read")
	}
	if size := order.Uint16(b[54:]); size != programHeaderSize {
		return h, errors.New("a damaged core: its program headers have " + number(size) + " bytes instead of " + number(programHeaderSize))
	}
	programs := order.Uint64(b[32:])
	if programs < headerSize || programs > math.MaxInt64/2 {
		return h, errors.New("a damaged core: its program headers are at " + text.Number(programs))
	}
	h.programs = int64(programs)
	h.count = int(order.Uint16(b[56:]))
	h.flags = order.Uint32(b[48:])
	if sections := order.Uint64(b[40:]); sections <= math.MaxInt64/2 && order.Uint16(b[58:]) == sectionHeaderSize {
		h.sections = int64(sections)
	}
	return h, nil
}

// number is a number in decimal.
func number[T uint16 | int | int64](n T) string { return strconv.FormatInt(int64(n), 10) }

func (h *Head) problem(sentence string) {
	if len(h.Problems) < maxProblems {
		h.Problems = append(h.Problems, sentence)
	}
}

// extent is a note segment.
type extent struct{ offset, size int64 }

// addProgram takes one program header.
func (h *Head) addProgram(b []byte, notes *[]extent) {
	kind := order.Uint32(b)
	offset, fileSize := order.Uint64(b[8:]), order.Uint64(b[32:])
	if kind != programLoad && kind != programNote {
		return
	}
	if offset > math.MaxInt64/2 || fileSize > math.MaxInt64/2 {
		h.problem("a segment is damaged: it is at offset " + text.Number(offset) + " with " + text.Number(fileSize) + " bytes")
		return
	}
	if kind == programNote {
		if len(*notes) == maxNoteSegments {
			h.problem("it has more than " + number(maxNoteSegments) + " segments of notes")
			return
		}
		h.expected = max(h.expected, int64(offset+fileSize))
		*notes = append(*notes, extent{int64(offset), int64(fileSize)})
		return
	}
	s := Segment{
		Flags: SegmentFlags(order.Uint32(b[4:])), Start: order.Uint64(b[16:]), Size: order.Uint64(b[40:]),
		FileOffset: int64(offset), FileSize: int64(fileSize),
	}
	if s.Size > math.MaxUint64-s.Start || fileSize > s.Size {
		h.problem("the segment at address " + text.Number(s.Start) + " is damaged: " + text.Number(s.Size) + " bytes, of which " + text.Number(fileSize) + " are in the core")
		return
	}
	if s.FileSize > 0 {
		h.expected = max(h.expected, s.FileOffset+s.FileSize)
	}
	h.Segments = append(h.Segments, s)
}
