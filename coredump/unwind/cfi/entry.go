package cfi

// Entry is what a table has for one function, or a part of one: a frame description entry
// together with its common information entry.
type Entry struct {
	Begin, End uint64 // the addresses of its code; End is behind it

	// Signal says that this is the trampoline of a signal handler: what it interrupted stopped
	// before the instruction at the "return address", not after it (augmentation "S").
	Signal bool
	// ReturnAddress is the number of the register that has the return address, by DWARF's
	// numbers. It may be none of the machine's.
	ReturnAddress uint64

	common  common
	program reader
}

// common is a common information entry.
type common struct {
	code          uint64 // the factor of advances
	data          int64  // the factor of offsets
	returnAddress uint64
	encoding      byte // of the entries' addresses
	augmented     bool // the entries have a block of augmentation data
	signal        bool
	program       reader // the instructions that come before an entry's
}

// record is an entry of either kind before it is looked at.
type record struct {
	body   reader // behind the id
	common bool   // a common information entry, else:
	parent uint64 // the offset of its common information entry in the section
	next   int    // the offset of what follows it
}

// readRecord reads the head of the entry at an offset in a section; false if there is none.
// An empty record (a terminator, more may follow) is a common information entry without a
// body.
func readRecord(section Section, eh bool, at int) (record, bool) {
	r := newReader(section, at, len(section.Data))
	length, wide := r.unsigned(4), uint64(4)
	if length == 0xffffffff {
		length, wide = r.unsigned(8), 8
	}
	if r.bad || length > uint64(r.end-r.at) {
		return record{}, false
	}
	start := r.at
	r.end = start + int(length)
	rec := record{common: true, next: r.end}
	if length == 0 {
		rec.body = reader{bad: true}
		return rec, true
	}
	if eh { // the id is a distance back from itself, 0 for a common information entry
		id := r.unsigned(4)
		rec.common, rec.parent = id == 0, uint64(start)-id
	} else {
		id := r.unsigned(wide)
		rec.common, rec.parent = id == ^uint64(0)>>(64-8*wide), id
	}
	rec.body = r
	return rec, true
}

// augmentationMax is the length that the longest augmentation in use, "zPLRSBG", does not
// come near to. It has a limit as it is read for every entry.
const augmentationMax = 15

// readCommon reads the common information entry at an offset.
func readCommon(section Section, eh bool, at uint64) (common, bool) {
	if at >= uint64(len(section.Data)) {
		return common{}, false
	}
	rec, ok := readRecord(section, eh, int(at))
	if !ok || !rec.common {
		return common{}, false
	}
	r := rec.body
	version := r.byte()
	augmentation, ok := r.text(augmentationMax)
	if !ok {
		return common{}, false
	}
	switch version {
	case 1, 3:
	case 4:
		if r.byte() != 8 || r.byte() != 0 { // the size of an address, and of a segment's number
			return common{}, false
		}
	default:
		return common{}, false
	}
	c := common{code: r.uleb(), data: r.sleb()}
	if version == 1 {
		c.returnAddress = uint64(r.byte())
	} else {
		c.returnAddress = r.uleb()
	}
	ok = c.augment(&r, augmentation)
	c.program = r
	return c, ok && !r.bad
}

// augment reads the augmentation's data; false if it has an unknown one without a length.
func (c *common) augment(r *reader, augmentation []byte) bool {
	if len(augmentation) == 0 {
		return true
	}
	if augmentation[0] != 'z' {
		return false
	}
	c.augmented = true
	length := r.uleb()
	data := *r
	r.take(length)
	data.end = r.at
	for _, letter := range augmentation[1:] {
		switch letter {
		case 'R':
			c.encoding = data.byte()
		case 'L': // the encoding of language specific data
			data.byte()
		case 'P': // the personality routine, for exceptions; only its length matters
			data.encoded(data.byte())
		case 'S':
			c.signal = true
		case 'B', 'G': // arm64: signed with key B, tagged memory
		default:
			return !r.bad // the length has led behind the rest
		}
	}
	return !data.bad
}

// readEntry makes an Entry of a record.
func readEntry(section Section, rec record, c common) (Entry, bool) {
	r := rec.body
	e := Entry{Signal: c.signal, ReturnAddress: c.returnAddress, common: c}
	e.Begin = r.pointer(c.encoding, 0)
	e.End = e.Begin + r.encoded(c.encoding)
	if c.augmented {
		r.block()
	}
	e.program = r
	return e, !r.bad && e.Begin < e.End
}

// entryAt reads the frame description entry at an offset, and the common one that belongs to
// it.
func entryAt(section Section, eh bool, at uint64) (Entry, bool) {
	if at >= uint64(len(section.Data)) {
		return Entry{}, false
	}
	rec, ok := readRecord(section, eh, int(at))
	if !ok || rec.common {
		return Entry{}, false
	}
	c, ok := readCommon(section, eh, rec.parent)
	if !ok {
		return Entry{}, false
	}
	return readEntry(section, rec, c)
}
