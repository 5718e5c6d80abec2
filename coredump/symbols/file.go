package symbols

import (
	"errors"
	"syscall"

	"supervise/internal/little"
)

const order = little.Endian

// File is an ELF file: a program, a library, or one with what was stripped off these. It is
// not safe for use by several goroutines. What its methods return is valid until Close.
type File struct {
	// Executable says that it is linked to fixed addresses: ET_EXEC.
	Executable bool

	data     *data
	segments []segment
	sections []section
	read     bool // sections
	pcln     *pcln
	pclnRead bool
}

type segment struct {
	kind                           uint32
	offset, addr, fileSize, memory uint64
}

type section struct {
	name         []byte // in the file
	kind, link   uint32
	flags        uint64
	addr         uint64
	offset, size uint64
	entry        uint64
}

// Offsets, sizes and values of elf(5), for 64 bits.
const (
	headerSize  = 64
	programSize = 56
	sectionSize = 64

	typeExecutable = 2
	typeShared     = 3
	loadSegment    = 1          // PT_LOAD
	noteSegment    = 4          // PT_NOTE
	ehFrameHeader  = 0x6474e550 // PT_GNU_EH_FRAME
	noBits         = 8          // SHT_NOBITS
	compressedFlag = 1 << 11    // SHF_COMPRESSED

	manyPrograms = 0xffff // PN_XNUM
	maxPrograms  = 4096
	maxSections  = 1 << 17
)

var errNotELF = errors.New("no ELF file of 64 bits, little-endian")

// Open reads the headers of a file. It takes the file over: Close closes it, as does an error.
func Open(f Input) (*File, error) {
	d, err := fileData(f)
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	file, err := open(d)
	if err != nil {
		d.close()
	}
	return file, err
}

// Image reads a file that is in memory: the vdso, or the first page of a module.
func Image(b []byte) (*File, error) { return open(&data{image: b, size: uint64(len(b))}) }

func open(d *data) (*File, error) {
	h := d.at(0, headerSize)
	if h == nil || string(h[:6]) != "\x7fELF\x02\x01" {
		return nil, errNotELF
	}
	f := &File{data: d, Executable: order.Uint16(h[16:]) == typeExecutable}
	if kind := order.Uint16(h[16:]); kind != typeExecutable && kind != typeShared {
		return nil, errors.New("an ELF file, but neither a program nor a library")
	}
	at, n := order.Uint64(h[32:]), uint64(order.Uint16(h[56:]))
	if order.Uint16(h[54:]) != programSize || n > maxPrograms {
		return f, nil // a file of debug information may have none
	}
	table := d.at(at, n*programSize)
	for ; len(table) > 0; table = table[programSize:] {
		f.segments = append(f.segments, segment{
			kind: order.Uint32(table), offset: order.Uint64(table[8:]), addr: order.Uint64(table[16:]),
			fileSize: order.Uint64(table[32:]), memory: order.Uint64(table[40:]),
		})
	}
	return f, nil
}

// Close unmaps and closes the file.
func (f *File) Close() { f.data.close() }

// Bias returns what to add to addresses of the file to have those in memory, given where a
// part of it is mapped and from which offset in the file. A page of the file that has the end
// of one segment and the beginning of the next is mapped for both: the mapping that begins
// with it is that of the next.
func (f *File) Bias(start, offset uint64) (bias uint64, ok bool) {
	var last uint64
	for i := range f.segments {
		s := &f.segments[i]
		first := s.offset &^ uint64(syscall.Getpagesize()-1)
		if s.kind != loadSegment || offset < first || offset >= s.offset+max(s.fileSize, 1) || ok && first < last {
			continue
		}
		bias, last, ok = start-(s.addr+offset-s.offset), first, true
	}
	return bias, ok
}

// BuildID returns the build id, nil if the file has none: the note NT_GNU_BUILD_ID, or Go's.
func (f *File) BuildID() []byte {
	for i := range f.segments {
		if s := &f.segments[i]; s.kind == noteSegment {
			if id := buildID(f.data.at(s.offset, min(s.fileSize, maxNotes))); id != nil {
				return id
			}
		}
	}
	return nil
}

const (
	maxNotes   = 64 << 10
	maxBuildID = 64
	gnuBuildID = 3 // NT_GNU_BUILD_ID
)

// buildID looks for the build id in a segment of notes.
func buildID(notes []byte) []byte {
	for len(notes) >= 12 {
		name, size := uint64(order.Uint32(notes)), uint64(order.Uint32(notes[4:]))
		from := 12 + (name+3)&^3
		end := from + size
		if end > uint64(len(notes)) {
			return nil
		}
		if order.Uint32(notes[8:]) == gnuBuildID && name == 4 && string(notes[12:16]) == "GNU\x00" {
			if size == 0 || size > maxBuildID {
				return nil
			}
			return notes[from:end:end]
		}
		notes = notes[min((end+3)&^3, uint64(len(notes))):]
	}
	return nil
}

// FrameHeader returns the segment PT_GNU_EH_FRAME, which is .eh_frame_hdr.
func (f *File) FrameHeader() (addr uint64, data []byte) {
	for i := range f.segments {
		if s := &f.segments[i]; s.kind == ehFrameHeader {
			return s.addr, f.data.at(s.offset, s.fileSize)
		}
	}
	return 0, nil
}

// Memory returns what is in the file of the memory from addr, an address in the file, to the
// end of its segment.
func (f *File) Memory(addr uint64) []byte {
	for i := range f.segments {
		s := &f.segments[i]
		if s.kind == loadSegment && addr >= s.addr && addr-s.addr < s.fileSize {
			return f.data.at(s.offset+addr-s.addr, s.fileSize-(addr-s.addr))
		}
	}
	return nil
}

// SameHead reports whether two files have the same ELF header and program headers: for those
// that have no build id.
func (f *File) SameHead(other *File) bool {
	a, b := f.head(), other.head()
	return a != nil && string(a) == string(b)
}

func (f *File) head() []byte {
	return f.data.at(0, uint64(headerSize+programSize*len(f.segments)))
}
