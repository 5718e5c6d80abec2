package little

import (
	"bytes"
	"encoding/binary"
	"testing"
)

func TestAsBinary(t *testing.T) {
	b := []byte{1, 2, 3, 4, 5, 6, 7, 0xf8, 9}
	le := binary.LittleEndian
	if Endian.Uint16(b) != le.Uint16(b) || Endian.Uint32(b) != le.Uint32(b) || Endian.Uint64(b) != le.Uint64(b) {
		t.Errorf("%#x %#x %#x", Endian.Uint16(b), Endian.Uint32(b), Endian.Uint64(b))
	}
	const n = 0xf1e2d3c4b5a69788
	got := Endian.AppendUint64(Endian.AppendUint32(Endian.AppendUint16(nil, n&0xffff), n&0xffffffff), n)
	want := le.AppendUint64(le.AppendUint32(le.AppendUint16(nil, n&0xffff), n&0xffffffff), n)
	Endian.PutUint32(b[1:], n&0xffffffff)
	if !bytes.Equal(got, want) || le.Uint32(b[1:]) != n&0xffffffff {
		t.Errorf("%x, want %x; %x", got, want, b)
	}
}
