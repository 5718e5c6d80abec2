package elfcore

import (
	"errors"
	"io"
	"math"
)

// align is the alignment of memory in a file: a page of amd64, so that holes can be punched.
const align = 4096

func aligned(n int64) int64 { return (n + align - 1) &^ (align - 1) }

// Layout gives each segment its place in a file, behind the notes and in the present order,
// and so decides what [Head.WriteTo] writes.
func (h *Head) Layout() error {
	at := aligned(h.notesEnd())
	h.expected = h.notesEnd()
	for i := range h.Segments {
		s := &h.Segments[i]
		if s.FileSize < 0 || s.FileSize > math.MaxInt64/2-at {
			return errors.New("the memory is more than a file can hold")
		}
		s.FileOffset = at
		if s.FileSize > 0 {
			h.expected = at + s.FileSize
		}
		at = aligned(at + s.FileSize)
	}
	return nil
}

// notes is the offset of the notes: behind the program headers, their own included.
func (h *Head) notes() int64 { return headerSize + programHeaderSize*int64(len(h.Segments)+1) }

func (h *Head) notesEnd() int64 {
	end := h.notes() + int64(len(h.NoteData))
	if h.extended() {
		end += sectionHeaderSize
	}
	return end
}

// extended reports whether the ELF header has no room for the number of program headers, so
// that a section header has it.
func (h *Head) extended() bool { return len(h.Segments)+1 >= extendedNumber }

// WriteTo writes the head, after [Head.Layout], up to where the memory begins. NoteData is
// written, and Notes is not.
func (h *Head) WriteTo(w io.Writer) (int64, error) {
	b := make([]byte, 0, aligned(h.notesEnd()))
	b = h.appendHeader(b)
	b = appendProgram(b, programNote, Segment{FileOffset: h.notes(), FileSize: int64(len(h.NoteData))}, 4)
	for _, s := range h.Segments {
		b = appendProgram(b, programLoad, s, align)
	}
	b = append(b, h.NoteData...)
	if h.extended() {
		section := make([]byte, sectionHeaderSize)
		order.PutUint32(section[sectionInfoField:], uint32(len(h.Segments)+1))
		b = append(b, section...)
	}
	if h.expected > int64(len(b)) { // there is memory
		b = append(b, make([]byte, aligned(int64(len(b)))-int64(len(b)))...)
	}
	n, err := w.Write(b)
	return int64(n), err
}

func (h *Head) appendHeader(b []byte) []byte {
	const version, identSize = 1, 16
	b = append(b, 0x7f, 'E', 'L', 'F', class64, lowFirst, version)
	b = append(b, make([]byte, identSize-len(b))...)
	b = order.AppendUint16(b, typeCore)
	b = order.AppendUint16(b, uint16(h.Machine))
	b = order.AppendUint32(b, version)
	b = order.AppendUint64(b, 0) // entry point
	b = order.AppendUint64(b, headerSize)
	count, sections, sectionSize, sectionNumber := len(h.Segments)+1, int64(0), 0, 0
	if h.extended() {
		count, sections, sectionSize, sectionNumber = extendedNumber, h.notes()+int64(len(h.NoteData)), sectionHeaderSize, 1
	}
	b = order.AppendUint64(b, uint64(sections))
	b = order.AppendUint32(b, h.Flags)
	for _, n := range []int{headerSize, programHeaderSize, count, sectionSize, sectionNumber, 0} {
		b = order.AppendUint16(b, uint16(n))
	}
	return b
}

func appendProgram(b []byte, kind uint32, s Segment, alignment uint64) []byte {
	b = order.AppendUint32(b, kind)
	b = order.AppendUint32(b, uint32(s.Flags))
	b = order.AppendUint64(b, uint64(s.FileOffset))
	b = order.AppendUint64(b, s.Start)
	b = order.AppendUint64(b, 0) // physical address
	b = order.AppendUint64(b, uint64(s.FileSize))
	b = order.AppendUint64(b, s.Size)
	return order.AppendUint64(b, alignment)
}

// AppendNote appends a note to what becomes NoteData.
func AppendNote(b []byte, owner string, kind uint32, data []byte) []byte {
	b = order.AppendUint32(b, uint32(len(owner)+1))
	b = order.AppendUint32(b, uint32(len(data)))
	b = order.AppendUint32(b, kind)
	b = append(append(b, owner...), 0)
	b = append(b, make([]byte, -(len(owner)+1)&3)...)
	b = append(b, data...)
	return append(b, make([]byte, -len(data)&3)...)
}

// AppendNames appends a note of our own with the names of threads, which no other has: see
// Thread.Name. Names are cut to 15 bytes, the length of a comm.
func AppendNames(b []byte, threads []Thread) []byte {
	data := make([]byte, 0, nameEntry*len(threads))
	for i := range threads {
		if t := &threads[i]; t.Name != "" {
			var name [nameEntry - 4]byte
			copy(name[:len(name)-1], t.Name)
			data = order.AppendUint32(data, uint32(t.TID))
			data = append(data, name[:]...)
		}
	}
	if len(data) == 0 {
		return b
	}
	return AppendNote(b, Owner, NoteNames, data)
}
