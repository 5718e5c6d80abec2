package cfi

import (
	"cmp"
	"slices"
)

// Section is a section of an ELF file.
type Section struct {
	Addr uint64 // in the file (sh_addr)
	Data []byte
}

// Table is the call frame information of one file. It is not safe for use by several
// goroutines.
type Table struct {
	hdr, eh Section
	debug   func() Section

	header    header
	useHeader bool
	indexes   []index // that have been made: of .eh_frame, of .debug_frame
}

// New returns the table of a file with these sections; each may be empty, and debug nil. It
// reads no more than the header's first bytes. debug, which returns .debug_frame, is called
// once at most, when [Table.Find] first finds nothing in .eh_frame.
func New(hdr, eh Section, debug func() Section) *Table {
	t := &Table{hdr: hdr, eh: eh, debug: debug}
	t.header, t.useHeader = readHeader(hdr)
	return t
}

// FindByHeader finds the entry for an address by .eh_frame_hdr; false if that is not there.
func (t *Table) FindByHeader(pc uint64) (Entry, bool) {
	if !t.useHeader {
		return Entry{}, false
	}
	address, ok := t.header.search(t.hdr, pc)
	if !ok {
		return Entry{}, false
	}
	entry, ok := entryAt(t.eh, true, address-t.eh.Addr)
	return entry, ok && entry.Begin <= pc && pc < entry.End
}

// Find finds the entry for an address by the header, else in an index of .eh_frame that it
// makes if there is no header, else in one of .debug_frame.
func (t *Table) Find(pc uint64) (Entry, bool) {
	if entry, ok := t.FindByHeader(pc); ok {
		return entry, true
	}
	for i := range 2 {
		if i == len(t.indexes) {
			t.indexes = append(t.indexes, t.makeIndex(i))
		}
		if entry, ok := t.indexes[i].find(pc); ok {
			return entry, true
		}
	}
	return Entry{}, false
}

func (t *Table) makeIndex(i int) index {
	switch {
	case i == 0 && !t.useHeader:
		return newIndex(t.eh, true)
	case i == 1 && t.debug != nil:
		return newIndex(t.debug(), false)
	}
	return index{}
}

// index has the entries of a section in the order of their addresses.
type index struct {
	section Section
	eh      bool
	spans   []span
}

type span struct {
	begin, end uint64
	at         uint64 // the offset in the section
}

// newIndex reads all of a section, up to what is malformed.
func newIndex(section Section, eh bool) index {
	x := index{section: section, eh: eh}
	var c common // of the last entry: most have the same
	var known bool
	var parent uint64
	for at := 0; at < len(section.Data); {
		rec, ok := readRecord(section, eh, at)
		if !ok {
			break
		}
		if !rec.common {
			if !known || parent != rec.parent {
				c, known = readCommon(section, eh, rec.parent)
				parent = rec.parent
			}
			// A linker that leaves out a function leaves an entry for address 0.
			if e, ok := readEntry(section, rec, c); known && ok && e.Begin != 0 {
				x.spans = append(x.spans, span{e.Begin, e.End, uint64(at)})
			}
		}
		at = rec.next
	}
	slices.SortStableFunc(x.spans, func(a, b span) int { return cmp.Compare(a.begin, b.begin) })
	return x
}

func (x *index) find(pc uint64) (Entry, bool) {
	i, found := slices.BinarySearchFunc(x.spans, pc, func(s span, pc uint64) int { return cmp.Compare(s.begin, pc) })
	if !found {
		i--
	}
	if i < 0 || pc >= x.spans[i].end {
		return Entry{}, false
	}
	return entryAt(x.section, x.eh, x.spans[i].at)
}
