package elfcore

import (
	"errors"
	"io"
	"math"

	"supervise/internal/text"
)

// ReadHead reads the head of a core from a stream, and nothing of the memory: the next byte of
// r is the one after the notes. Use an [io.TeeReader] to keep what it reads.
//
// Notes that stand behind memory are not read, which is a problem in the Head. The error says
// that it is no core at all, or that it ends within the ELF header.
func ReadHead(r io.Reader) (*Head, error) {
	return readHead(&stream{r: r}, math.MaxInt64)
}

// input is a file or a stream.
type input interface {
	// read returns the n bytes at the offset, or fewer and an error.
	read(offset, n int64) ([]byte, error)
	// seekable reports whether read can go back.
	seekable() bool
}

var errBehind = errors.New("stands before what has been read already")

// maxGap is how much of a stream is skipped in search of the notes.
const maxGap = 1 << 20

type stream struct {
	r        io.Reader
	position int64
}

func (s *stream) seekable() bool { return false }

func (s *stream) read(offset, n int64) ([]byte, error) {
	if offset < s.position || offset-s.position > maxGap {
		return nil, errBehind
	}
	skipped, err := io.CopyN(io.Discard, s.r, offset-s.position)
	s.position += skipped
	if err != nil {
		return nil, err
	}
	b, err := readFull(s.r, n)
	s.position += int64(len(b))
	return b, err
}

type file struct{ r io.ReaderAt }

func (f file) seekable() bool { return true }

func (f file) read(offset, n int64) ([]byte, error) {
	return readFull(io.NewSectionReader(f.r, offset, n), n)
}

// readFull reads n bytes, with memory only for those that come.
func readFull(r io.Reader, n int64) ([]byte, error) {
	const step = 1 << 20
	b := make([]byte, 0, min(n, step))
	for int64(len(b)) < n {
		from := len(b)
		b = append(b, make([]byte, min(n-int64(from), int64(max(step, from))))...)
		got, err := io.ReadFull(r, b[from:])
		if err != nil {
			return b[:from+got], err
		}
	}
	return b, nil
}

// readError says that a core cannot be read.
type readError struct{ err error }

func (e *readError) Error() string { return "cannot read the core: " + e.err.Error() }
func (e *readError) Unwrap() error { return e.err }

func readHead(in input, size int64) (*Head, error) {
	b, err := in.read(0, headerSize)
	switch {
	case len(b) == 0 && err == io.EOF:
		return nil, errors.New("not a core: it is empty")
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		return nil, errors.New("not a core: it has only " + number(len(b)) + " bytes")
	case err != nil:
		return nil, &readError{err}
	}
	header, err := parseHeader(b)
	if err != nil {
		return nil, err
	}
	h := &Head{Machine: header.machine, Flags: header.flags}
	notes := h.readPrograms(in, header)
	h.readNotes(in, notes)
	if h.expected > size {
		h.problem("it is cut short: " + number(size) + " bytes of " + number(h.expected))
	}
	return h, nil
}

// chunk is how many program headers are read at once.
const chunk = 4096

// readPrograms reads the program headers, and returns where notes are.
func (h *Head) readPrograms(in input, header elfHeader) (notes []extent) {
	count := header.count
	if count == extendedNumber {
		count = sectionCount(in, header)
	}
	for i := 0; i < count; {
		// Of a number that is not known yet the first header tells more.
		n := min(count-i, chunk)
		if count == unknown {
			n = 1
		}
		b, err := in.read(header.programs+int64(i)*programHeaderSize, int64(n)*programHeaderSize)
		if count == unknown && err == nil {
			count = impliedCount(b, header.programs)
		}
		for ; len(b) >= programHeaderSize; b = b[programHeaderSize:] {
			h.addProgram(b, &notes)
			i++
		}
		if err != nil {
			h.problem("its program headers end after " + number(i) + " of " + number(count))
			return notes
		}
		if i >= MaxSegments && i < count {
			h.problem("it has " + number(count) + " segments, of which " + number(i) + " are used")
			return notes
		}
	}
	return notes
}

// unknown is the number of program headers that is not known.
const unknown = math.MaxInt32

// sectionCount returns how many program headers there are if they are too many for the ELF
// header: PN_XNUM. The number is in the first section header, which the kernel writes last of
// all.
func sectionCount(in input, header elfHeader) int {
	if in.seekable() && header.sections > 0 {
		b, err := in.read(header.sections, sectionHeaderSize)
		if n := 0; err == nil {
			if n = int(order.Uint32(b[sectionInfoField:])); n >= extendedNumber && n < unknown {
				return n
			}
		}
	}
	return unknown
}

// impliedCount returns how many program headers there are, from the first: the kernel lets the
// notes, which it describes, follow the program headers.
func impliedCount(first []byte, programs int64) int {
	size := order.Uint64(first[8:]) - uint64(programs)
	if order.Uint32(first) != programNote || size%programHeaderSize != 0 || size/programHeaderSize >= unknown {
		return extendedNumber
	}
	return int(size / programHeaderSize)
}

// readNotes reads the notes, of a stream those that stand before the memory.
func (h *Head) readNotes(in input, extents []extent) {
	memory := int64(math.MaxInt64)
	for i := range h.Segments {
		if s := &h.Segments[i]; s.FileSize > 0 {
			memory = min(memory, s.FileOffset)
		}
	}
	for _, e := range extents {
		room := int64(MaxNotes - len(h.NoteData))
		if !in.seekable() && e.offset+e.size > memory {
			h.problem("its notes stand behind the memory: they can be read once all of it is there")
			continue
		}
		b, err := in.read(e.offset, min(e.size, room))
		switch {
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			h.problem("its notes at offset " + text.Number(uint64(e.offset)) + " are cut short: " + number(len(b)) + " bytes of " + number(e.size))
		case err != nil:
			h.problem("its notes at offset " + text.Number(uint64(e.offset)) + " cannot be read: " + err.Error())
		case e.size > room:
			h.problem("it has more than " + number(MaxNotes) + " bytes of notes")
		}
		h.takeNotes(b)
	}
	h.Notes.nameThreads()
	if len(h.Notes.Threads) == 0 {
		h.problem("it has no notes on any thread")
	}
}
