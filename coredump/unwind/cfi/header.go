package cfi

// header is .eh_frame_hdr: a table of the entries in .eh_frame, in the order of their
// addresses, that a linker makes for the binary search. Linux Standard Base, "The
// .eh_frame_hdr section".
type header struct {
	frame uint64 // the address of .eh_frame
	count uint64 // of the table's pairs: an address of code, and that of its entry
	table int    // the offset of the table
}

// pair is the length of a pair: two distances of four bytes from the section.
const pair = 8

// readHeader reads the header of the table; false if there is no table of the only form that
// linkers make.
func readHeader(hdr Section) (header, bool) {
	r := newReader(hdr, 0, len(hdr.Data))
	version, frame, count, table := r.byte(), r.byte(), r.byte(), r.byte()
	if r.bad || version != 1 || frame == encodedOmit {
		return header{}, false
	}
	h := header{frame: r.pointer(frame, hdr.Addr)}
	if count == encodedOmit || table != encodedDataRel|encodedSdata4 {
		return h, false
	}
	h.count = r.pointer(count, hdr.Addr)
	h.table = r.at
	// A segment may be longer than its table, but not shorter.
	return h, !r.bad && h.count > 0 && h.count <= uint64(r.end-r.at)/pair
}

// FrameAddress returns the address of .eh_frame as its header says, false if it does not.
func FrameAddress(hdr Section) (uint64, bool) {
	h, _ := readHeader(hdr)
	return h.frame, h.frame != 0
}

// search returns the address of the last entry that begins at pc or before.
func (h *header) search(hdr Section, pc uint64) (uint64, bool) {
	at := func(i uint64) reader { return newReader(hdr, h.table+int(i)*pair, len(hdr.Data)) }
	low, high := uint64(0), h.count // the entry is in [low-1, high)
	for low < high {
		middle := low + (high-low)/2
		r := at(middle)
		if hdr.Addr+uint64(r.signed(4)) <= pc {
			low = middle + 1
		} else {
			high = middle
		}
	}
	if low == 0 {
		return 0, false
	}
	r := at(low - 1)
	r.signed(4)
	return hdr.Addr + uint64(r.signed(4)), true
}
