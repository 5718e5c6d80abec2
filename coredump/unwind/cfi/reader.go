package cfi

import "errors"

// ErrMalformed says that an entry is cut short, or is not what the standard describes.
var ErrMalformed = errors.New("malformed call frame information")

// reader reads numbers from a section. Once something is missing it is bad, and everything it
// returns is 0.
type reader struct {
	section Section
	at, end int // the rest of what may be read: section.Data[at:end]
	bad     bool
}

// newReader returns a reader of section.Data[at:end]; a bad one if that is not there.
func newReader(section Section, at, end int) reader {
	r := reader{section: section, at: at, end: end}
	if at < 0 || end > len(section.Data) || at > end {
		r = reader{bad: true}
	}
	return r
}

// take returns the next n bytes, nil if they are not there.
func (r *reader) take(n uint64) []byte {
	if r.bad || n > uint64(r.end-r.at) {
		r.bad = true
		return nil
	}
	b := r.section.Data[r.at : r.at+int(n)]
	r.at += int(n)
	return b
}

// unsigned reads a little-endian number of 1, 2, 4 or 8 bytes.
func (r *reader) unsigned(size uint64) uint64 {
	var v uint64
	for i, b := range r.take(size) {
		v |= uint64(b) << (8 * i)
	}
	return v
}

// signed reads a little-endian number of 1, 2, 4 or 8 bytes in two's complement.
func (r *reader) signed(size uint64) int64 {
	shift := 64 - 8*size
	return int64(r.unsigned(size)<<shift) >> shift
}

func (r *reader) byte() byte { return byte(r.unsigned(1)) }

// uleb reads a number in LEB128. What it has above 64 bits is lost.
func (r *reader) uleb() uint64 {
	v, _ := r.leb()
	return v
}

// sleb reads a signed number in LEB128.
func (r *reader) sleb() int64 {
	v, bits := r.leb()
	if bits < 64 && v&(1<<(bits-1)) != 0 {
		v |= ^uint64(0) << bits
	}
	return int64(v)
}

// leb reads seven bits from each byte, and returns how many that were. A number may be padded
// to any length.
func (r *reader) leb() (v uint64, bits uint) {
	for {
		b := r.byte()
		if bits < 64 {
			v |= uint64(b&0x7f) << bits
		}
		bits += 7
		if b&0x80 == 0 { // also when there is nothing more to read
			return v, bits
		}
	}
}

// block reads a length in LEB128 and then as many bytes.
func (r *reader) block() []byte { return r.take(r.uleb()) }

// text reads bytes up to one that is 0, at most limit.
func (r *reader) text(limit int) ([]byte, bool) {
	start := r.at
	for n := 0; n <= limit; n++ {
		if r.byte() == 0 {
			return r.section.Data[start : start+n], !r.bad
		}
	}
	return nil, false
}

// The encodings of pointers: Linux Standard Base, "DWARF Exception Header Encoding".
const (
	encodedAbsolute = 0x00 // eight bytes, and no base
	encodedOmit     = 0xff

	encodedFormat   = 0x0f
	encodedBase     = 0x70
	encodedPCRel    = 0x10
	encodedDataRel  = 0x30
	encodedIndirect = 0x80

	encodedSdata4 = 0x0b
)

// pointer reads an encoded pointer. data is the base of those that are relative to data. Bases
// that no linker for these machines uses, and pointers to pointers, are malformed.
func (r *reader) pointer(encoding byte, data uint64) uint64 {
	var base uint64
	switch encoding & (encodedBase | encodedIndirect) {
	case encodedAbsolute:
	case encodedPCRel:
		base = r.section.Addr + uint64(r.at)
	case encodedDataRel:
		base = data
	default:
		r.bad = true
	}
	return base + r.encoded(encoding)
}

// encoded reads the number of an encoded pointer.
func (r *reader) encoded(encoding byte) uint64 {
	switch encoding & encodedFormat {
	case 0x00, 0x04, 0x0c: // DW_EH_PE_absptr, udata8, sdata8
		return r.unsigned(8)
	case 0x01: // DW_EH_PE_uleb128
		return r.uleb()
	case 0x02: // DW_EH_PE_udata2
		return r.unsigned(2)
	case 0x03: // DW_EH_PE_udata4
		return r.unsigned(4)
	case 0x09: // DW_EH_PE_sleb128
		return uint64(r.sleb())
	case 0x0a: // DW_EH_PE_sdata2
		return uint64(r.signed(2))
	case encodedSdata4:
		return uint64(r.signed(4))
	}
	r.bad = true
	return 0
}
