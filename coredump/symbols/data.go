package symbols

import (
	"errors"
	"syscall"
	"unsafe"
)

// Input is an open file, such as an *os.File: package os itself is not early.
type Input interface {
	Fd() uintptr
	Name() string
	Close() error
}

// data is a file, of which parts are mapped as they are needed, or an image in memory.
type data struct {
	file  Input
	size  uint64
	image []byte
	maps  []window
}

// window is a mapped part of a file.
type window struct {
	offset uint64
	bytes  []byte
}

// A file up to wholeFile bytes is mapped at once, which costs addresses and nothing else; of a
// larger one as many parts as maxWindows, each as large as maxWindow.
const (
	wholeFile  = 256 << 20
	maxWindow  = 1 << 30
	maxWindows = 64
)

func fileData(f Input) (*data, error) {
	var stat syscall.Stat_t
	if err := syscall.Fstat(int(f.Fd()), &stat); err != nil {
		return nil, errors.New(f.Name() + ": " + err.Error())
	}
	if stat.Mode&syscall.S_IFMT != syscall.S_IFREG {
		return nil, errors.New(f.Name() + " is no regular file")
	}
	return &data{file: f, size: uint64(stat.Size)}, nil
}

// at returns n bytes at the offset, nil if they are not all there.
func (d *data) at(offset, n uint64) []byte {
	end := offset + n
	if n == 0 || end < offset || end > d.size {
		return nil
	}
	if d.file == nil {
		return d.image[offset:end:end]
	}
	for _, w := range d.maps {
		if offset >= w.offset && end <= w.offset+uint64(len(w.bytes)) {
			return w.bytes[offset-w.offset : end-w.offset : end-w.offset]
		}
	}
	return d.mapped(offset, end)
}

func (d *data) mapped(offset, end uint64) []byte {
	from, to := offset&^uint64(syscall.Getpagesize()-1), end
	if d.size <= wholeFile {
		from, to = 0, d.size
	}
	if to-from > maxWindow || len(d.maps) == maxWindows {
		return nil
	}
	bytes, err := syscall.Mmap(int(d.file.Fd()), int64(from), int(to-from), syscall.PROT_READ, syscall.MAP_PRIVATE)
	if err != nil {
		return nil
	}
	d.maps = append(d.maps, window{from, bytes})
	return bytes[offset-from : end-from : end-from]
}

// populate has the kernel map a part that is going to be read as a whole, from offset on: that is
// quicker than to have each few pages fault in.
func (d *data) populate(b []byte) {
	if d.file == nil || len(b) < populated {
		return
	}
	// MADV_POPULATE_READ, since Linux 5.14. Without it, pages fault in.
	start := uintptr(unsafe.Pointer(&b[0]))
	first := start &^ uintptr(syscall.Getpagesize()-1)
	_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, first, start-first+uintptr(len(b)), populateRead)
}

const (
	populateRead = 22
	populated    = 128 << 10
)

func (d *data) close() {
	for _, w := range d.maps {
		_ = syscall.Munmap(w.bytes)
	}
	d.maps, d.image, d.size = nil, nil, 0
	if d.file != nil {
		_ = d.file.Close()
	}
}
