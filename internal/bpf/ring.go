package bpf

import (
	"encoding/binary"
	"os"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Ring is a buffer that programs write records to and this process reads:
// Documentation/bpf/ringbuf.rst. A record that finds no room is lost; the program counts it.
type Ring struct {
	Map
	consumer []byte // one page, of which the first 8 bytes are our position
	producer []byte // one page with the kernel's position, then the data twice in a row
	mask     uint64
}

// NewRing makes a ring of so many bytes, a power of two and at least one page.
func NewRing(name string, size int) (*Ring, error) {
	m, err := newMap(name, mapRing, 0, 0, size, 0)
	if err != nil {
		return nil, err
	}
	return OpenRing(m.fd, size)
}

// OpenRing maps the ring behind a descriptor, also one that another process made. It owns
// the descriptor, also if it fails.
func OpenRing(fd, size int) (*Ring, error) {
	r := &Ring{Map: Map{fd: fd}, mask: uint64(size) - 1}
	page := os.Getpagesize()
	var err error
	if r.consumer, err = unix.Mmap(fd, 0, page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err == nil {
		r.producer, err = unix.Mmap(fd, int64(page), page+2*size, unix.PROT_READ, unix.MAP_SHARED)
	}
	if err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// position is an atomic number at the start of a page.
func position(page []byte) *atomic.Uint64 { return (*atomic.Uint64)(unsafe.Pointer(&page[0])) }

// Bits of a record's length while it is written, and if it was given up.
const (
	ringBusy    = 1 << 31
	ringDiscard = 1 << 30
)

// Read hands over the records that are there, oldest first, until take returns false, and
// returns how many it took. A record is valid until take returns.
func (r *Ring) Read(take func([]byte) bool) int {
	data := r.producer[len(r.consumer):]
	at, count := position(r.consumer).Load(), 0
	for more := true; more && at < position(r.producer).Load(); {
		start := at & r.mask
		header := (*atomic.Uint32)(unsafe.Pointer(&data[start])).Load()
		if header&ringBusy != 0 {
			break
		}
		length := uint64(header &^ (ringBusy | ringDiscard))
		if header&ringDiscard == 0 {
			more = take(data[start+8 : start+8+length])
			count++
		}
		at += (length + 8 + 7) &^ 7
		position(r.consumer).Store(at)
	}
	return count
}

// Wait waits until the ring has records that were submitted with a wake-up, for so many
// milliseconds, -1 for ever. It returns early for a signal.
func (r *Ring) Wait(milliseconds int) error {
	fds := []unix.PollFd{{Fd: int32(r.fd), Events: unix.POLLIN}}
	_, err := unix.Poll(fds, milliseconds)
	if err == unix.EINTR {
		return nil
	}
	return err
}

// Close unmaps the ring and closes its descriptor.
func (r *Ring) Close() error {
	for _, pages := range [][]byte{r.consumer, r.producer} {
		if pages != nil {
			_ = unix.Munmap(pages)
		}
	}
	return unix.Close(r.fd)
}

// Number reads a number from a record: 1, 2, 4 or 8 bytes at the offset.
func Number[N int32 | uint32 | int64 | uint64](record []byte, offset int) N {
	var n N
	if unsafe.Sizeof(n) == 4 {
		return N(binary.NativeEndian.Uint32(record[offset:]))
	}
	return N(binary.NativeEndian.Uint64(record[offset:]))
}
