package logs

import (
	"compress/flate"
	"encoding/binary"
	"io"
	"time"
)

// gzipper writes one member of RFC 1952. Package compress/gzip would do, but for hash/crc32:
// its tables are made at the start of the program, before init runs, which takes longer than
// all else that it does.
type gzipper struct {
	out   io.Writer
	body  *flate.Writer
	table [256]uint32 // of the CRC-32
	sum   uint32      // CRC-32 of what was written, inverted
	size  uint32      // modulo 2^32
}

// newGzipper writes the header, with a time of change.
func newGzipper(out io.Writer, changed time.Time) (*gzipper, error) {
	header := []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3} // deflate, no fields, on Unix
	binary.LittleEndian.PutUint32(header[4:], uint32(changed.Unix()))
	if _, err := out.Write(header); err != nil {
		return nil, err
	}
	body, err := flate.NewWriter(out, flate.DefaultCompression)
	return &gzipper{out: out, body: body, table: crcTable(), sum: ^uint32(0)}, err
}

func (z *gzipper) Write(b []byte) (int, error) {
	for _, c := range b {
		z.sum = z.table[byte(z.sum)^c] ^ z.sum>>8
	}
	z.size += uint32(len(b))
	return z.body.Write(b)
}

// Close writes what is left, and the trailer. It leaves the file open.
func (z *gzipper) Close() error {
	if err := z.body.Close(); err != nil {
		return err
	}
	trailer := binary.LittleEndian.AppendUint32(nil, ^z.sum)
	_, err := z.out.Write(binary.LittleEndian.AppendUint32(trailer, z.size))
	return err
}

// crcTable makes that of RFC 1952, section 8.
func crcTable() (table [256]uint32) {
	for n := range table {
		c := uint32(n)
		for range 8 {
			if c&1 != 0 {
				c = 0xedb88320 ^ c>>1
			} else {
				c >>= 1
			}
		}
		table[n] = c
	}
	return table
}
