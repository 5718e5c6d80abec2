package little

// Endian is the order of bytes, for numbers of any size.
const Endian endian = 0

type endian uint8

// Uint16 returns the number at the beginning of b, which has at least as many bytes.
func (endian) Uint16(b []byte) uint16 {
	_ = b[1]
	return uint16(b[0]) | uint16(b[1])<<8
}

// Uint32 returns the number at the beginning of b, which has at least as many bytes.
func (endian) Uint32(b []byte) uint32 {
	_ = b[3]
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

// Uint64 returns the number at the beginning of b, which has at least as many bytes.
func (endian) Uint64(b []byte) uint64 {
	_ = b[7]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// PutUint32 writes a number to the beginning of b, which has room for it.
func (endian) PutUint32(b []byte, n uint32) {
	_ = b[3]
	b[0], b[1], b[2], b[3] = byte(n), byte(n>>8), byte(n>>16), byte(n>>24)
}

// AppendUint16 appends a number.
func (endian) AppendUint16(b []byte, n uint16) []byte { return append(b, byte(n), byte(n>>8)) }

// AppendUint32 appends a number.
func (endian) AppendUint32(b []byte, n uint32) []byte {
	return append(b, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
}

// AppendUint64 appends a number.
func (endian) AppendUint64(b []byte, n uint64) []byte {
	return append(b, byte(n), byte(n>>8), byte(n>>16), byte(n>>24), byte(n>>32), byte(n>>40), byte(n>>48), byte(n>>56))
}
