package pack

import "encoding/binary"

// RFC 8878: a frame is a magic number, a header, and blocks. A block of the type RLE is one
// byte, to be repeated.
const (
	magic = 0xfd2fb528

	// A descriptor of 0 says that there is a window and no size of the content, no checksum
	// and no dictionary. The window is 128 KiB, 2^(10+7), and so the most of a block.
	descriptor = 0
	window     = 7 << 3
	maxBlock   = 128 << 10

	lastBlock = 1
	rleBlock  = 1 << 1

	// maxZeros is the most of one frame: 64 KB of blocks.
	maxZeros = 2 << 30
)

// appendZeros appends frames of n zeros: 4 bytes for each 128 KiB.
func appendZeros(to []byte, n int64) []byte {
	for n > 0 {
		rest := min(n, maxZeros)
		n -= rest
		to = binary.LittleEndian.AppendUint32(to, magic)
		to = append(to, descriptor, window)
		for rest > 0 {
			size := min(rest, maxBlock)
			rest -= size
			header := uint32(size)<<3 | rleBlock
			if rest == 0 {
				header |= lastBlock
			}
			to = append(to, byte(header), byte(header>>8), byte(header>>16), 0)
		}
	}
	return to
}
