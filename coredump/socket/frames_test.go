package socket

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
)

// kernel plays the kernel on a connection: it says what is in says, and keeps what it is told.
type kernel struct {
	says io.Reader
	told bytes.Buffer
}

func (k *kernel) Read(b []byte) (int, error)  { return k.says.Read(b) }
func (k *kernel) Write(b []byte) (int, error) { return k.told.Write(b) }

const all = Kernel | Userspace | Reject | Wait

func TestAcknowledge(t *testing.T) {
	for _, c := range []struct {
		name    string
		request Request
		want    Mask
		mark    Mark
		ack     Mask // 0: none is sent
		err     string
	}{
		{"of 6.17", Request{16, 16, all}, Kernel | Wait, Accepted, Kernel | Wait, ""},
		{"reject", Request{16, 16, all}, Reject, Accepted, Reject, ""},
		{"a later kernel's", Request{40, 64, all | 0xff00}, Kernel | Wait, Accepted, Kernel | Wait, ""},
		{"a kernel that cannot wait", Request{16, 16, Kernel | Reject}, Kernel | Wait, Accepted, Kernel, ""},
		{"a kernel that cannot write", Request{16, 16, Userspace | Reject}, Kernel, Accepted, 0, "offers 0x6 for a core, not 0x1"},
		{"no room for an answer", Request{16, 8, all}, Kernel, Accepted, 0, "at most 8 bytes"},
		{"too small", Request{12, 16, all}, Kernel, Accepted, 0, "size is given as 12"},
		{"too large", Request{1 << 30, 16, all}, Kernel, Accepted, 0, "size is given as 1073741824"},
		{"refused", Request{16, 16, all}, Kernel, Conflicting, Kernel, "mask 0x1: conflicting"},
		{"unknown mark", Request{16, 16, all}, Kernel, 9, Kernel, "mark 9"},
	} {
		t.Run(c.name, func(t *testing.T) {
			frame := Request{16, c.request.AckSize, c.request.Mask}.Append(nil)
			if c.request.Size <= 4096 {
				frame = c.request.Append(nil)
			}
			binary.NativeEndian.PutUint32(frame, c.request.Size)
			k := &kernel{says: bytes.NewReader(binary.NativeEndian.AppendUint32(frame, uint32(c.mark)))}
			err := Acknowledge(k, c.want)
			if c.err == "" != (err == nil) || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("error %v, want one with %q", err, c.err)
			}
			var want []byte
			if c.ack != 0 {
				want = appendAck(nil, c.ack)
			}
			if !bytes.Equal(k.told.Bytes(), want) {
				t.Errorf("acknowledged % x, want % x", k.told.Bytes(), want)
			}
		})
	}
}

func TestAcknowledgeCut(t *testing.T) {
	whole := binary.NativeEndian.AppendUint32(Request{24, 16, all}.Append(nil), uint32(Accepted))
	for n := range whole {
		k := &kernel{says: bytes.NewReader(whole[:n])}
		if err := Acknowledge(k, Kernel); err == nil {
			t.Errorf("no error after %d of %d bytes", n, len(whole))
		} else if n < 24 && !errors.Is(err, ErrNoRequest) {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
}

func FuzzRequest(f *testing.F) {
	f.Add(Request{16, 16, all}.Append(nil), uint64(Kernel|Wait))
	f.Add(Request{40, 64, all | 1<<40}.Append(nil), uint64(Reject))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff}, uint64(0))
	f.Fuzz(func(t *testing.T, frame []byte, want uint64) {
		r := bytes.NewReader(frame)
		q, err := ReadRequest(r)
		if err != nil {
			return
		}
		if read := len(frame) - r.Len(); read != int(q.Size) || q.Size < requestSize {
			t.Errorf("read %d bytes of a request of %d", read, q.Size)
		}
		ack, err := q.Choose(Mask(want))
		if err == nil && (ack&^q.Mask != 0 || ack|Wait != Mask(want)|Wait) {
			t.Errorf("acknowledges %#x to %+v, where %#x is wanted", ack, q, want)
		}
		again, err := ReadRequest(bytes.NewReader(q.Append(nil)))
		if err != nil || again != q {
			t.Errorf("%+v becomes %+v, %v", q, again, err)
		}
	})
}
