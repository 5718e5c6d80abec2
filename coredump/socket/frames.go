package socket

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Mask says what the kernel can do with a core, or what it shall do.
type Mask uint64

// The bits of a mask. An acknowledgement has one of the first three. COREDUMP_* in
// include/uapi/linux/coredump.h.
const (
	Kernel    Mask = 1 << iota // the kernel writes the core to the socket
	Userspace                  // it writes nothing: the listener reads from /proc what it wants
	Reject                     // there is no core
	Wait                       // the process stays until the socket is closed
)

const (
	requestSize = 16       // bytes of struct coredump_req in Linux 6.17
	ackSize     = 16       // of struct coredump_ack
	maxRequest  = 64 << 10 // no later struct is larger: a nonsense otherwise
)

// Request is what the kernel says first: struct coredump_req.
type Request struct {
	Size    uint32 // bytes of the struct itself
	AckSize uint32 // bytes of the largest acknowledgement that it understands
	Mask    Mask   // what it can do
}

// ErrNoRequest says that the peer spoke no protocol of the kernel's.
var ErrNoRequest = errors.New("this is no request of the kernel's coredump socket")

// ReadRequest reads a request to its end, which may be that of a later kernel.
func ReadRequest(r io.Reader) (Request, error) {
	var b [requestSize]byte
	if _, err := io.ReadFull(r, b[:4]); err != nil {
		return Request{}, fmt.Errorf("%w: %w", ErrNoRequest, err)
	}
	q := Request{Size: binary.NativeEndian.Uint32(b[:])}
	if q.Size < requestSize || q.Size > maxRequest {
		return q, fmt.Errorf("%w: its size is given as %d", ErrNoRequest, q.Size)
	}
	if _, err := io.ReadFull(r, b[4:]); err != nil {
		return q, fmt.Errorf("%w: %w", ErrNoRequest, err)
	}
	q.AckSize = binary.NativeEndian.Uint32(b[4:])
	q.Mask = Mask(binary.NativeEndian.Uint64(b[8:]))
	if _, err := io.CopyN(io.Discard, r, int64(q.Size-requestSize)); err != nil {
		return q, fmt.Errorf("%w: %w", ErrNoRequest, err)
	}
	return q, nil
}

// Append appends the request as the kernel writes it.
func (q Request) Append(b []byte) []byte {
	b = binary.NativeEndian.AppendUint32(b, q.Size)
	b = binary.NativeEndian.AppendUint32(b, q.AckSize)
	b = binary.NativeEndian.AppendUint64(b, uint64(q.Mask))
	return append(b, make([]byte, max(int(q.Size), requestSize)-requestSize)...)
}

// Choose returns the acknowledgement of the request that is nearest to what is wanted: without
// Wait if the kernel cannot wait. The error says that it cannot do the rest.
func (q Request) Choose(want Mask) (Mask, error) {
	if q.AckSize < ackSize {
		return 0, fmt.Errorf("the kernel takes acknowledgements of at most %d bytes, ours has %d", q.AckSize, ackSize)
	}
	ack := want & (q.Mask | ^Wait)
	if missing := ack &^ q.Mask; missing != 0 {
		return 0, fmt.Errorf("the kernel offers %#x for a core, not %#x", uint64(q.Mask), uint64(missing))
	}
	return ack, nil
}

// appendAck appends a struct coredump_ack.
func appendAck(b []byte, mask Mask) []byte {
	b = binary.NativeEndian.AppendUint32(b, ackSize)
	b = binary.NativeEndian.AppendUint32(b, 0) // spare
	return binary.NativeEndian.AppendUint64(b, uint64(mask))
}

// Mark is the kernel's answer to an acknowledgement: enum coredump_mark.
type Mark uint32

// The marks. Each but the first means that there will be no core.
const (
	Accepted    Mark = iota // COREDUMP_MARK_REQACK
	TooSmall                // the acknowledgement is smaller than any the kernel knows
	TooLarge                // it is larger than the kernel said
	Unsupported             // it asks for what the kernel cannot do
	Conflicting             // it asks for two things of which only one can be
)

func (m Mark) String() string {
	switch m {
	case Accepted:
		return "accepted"
	case TooSmall:
		return "too small"
	case TooLarge:
		return "too large"
	case Unsupported:
		return "unsupported"
	case Conflicting:
		return "conflicting"
	}
	return fmt.Sprintf("mark %d", uint32(m))
}

// Acknowledge has the protocol of "@@" on a connection up to where the core begins: reads the
// request, answers it, and reads the kernel's mark.
func Acknowledge(conn io.ReadWriter, want Mask) error {
	q, err := ReadRequest(conn)
	if err != nil {
		return err
	}
	mask, err := q.Choose(want)
	if err != nil {
		return err
	}
	if _, err := conn.Write(appendAck(nil, mask)); err != nil {
		return fmt.Errorf("cannot acknowledge the kernel's request for a core: %w", err)
	}
	var b [4]byte
	if _, err := io.ReadFull(conn, b[:]); err != nil {
		return fmt.Errorf("the kernel does not answer the acknowledgement of a core: %w", err)
	}
	if mark := Mark(binary.NativeEndian.Uint32(b[:])); mark != Accepted {
		return fmt.Errorf("the kernel refuses the acknowledgement of a core, mask %#x: %v", uint64(mask), mark)
	}
	return nil
}
